import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { RunManifest } from '../artifacts/manifest';
import { groupFailures } from '../workflows/group-failures';
import type { FailureGroup } from '../workflows/group-failures';
import type { RunProgress, RunState } from '../workflows/run-types';
import { queryProgress } from './query-progress';
import type { RunHandle } from './runs';
import { findManifest, requestOf } from './runs';
import { runWorkflowId } from '../workflows/run-workflow';

/** What `status` says about a run; field names as in its JSON. */
export interface RunStatus {
  readonly run_id: string;
  readonly state: RunState;
  readonly source: string | null;
  readonly location: string | null;
  readonly started: string | null;
  readonly finished: string | null;
  readonly pairs: { readonly total: number | null; readonly done: number | null; readonly failed: number | null };
  /** Build of the workers that alone carry the run out; null: any do, or it has ended. */
  readonly build: string | null;
  /** Layers compared with the previous checkpoint; null where there is none, or nothing is known of it yet. */
  readonly drift: Readonly<Record<'total' | 'done' | 'failed', number>> | null;
  readonly failures: readonly string[];
  /** The same, those of one cause together. */
  readonly causes: readonly FailureGroup[];
  /** Present while the run is going on and a worker answers. */
  readonly progress: RunProgress | null;
}

export function statusFromManifest(manifest: RunManifest, location: string): RunStatus {
  const failed = manifest.pairs.filter(({ status }) => status === 'failed').length;
  const spec = manifest.spec as { source?: string };
  return {
    run_id: manifest.run_id,
    state: manifest.state,
    source: spec.source ?? null,
    location,
    started: manifest.timings.started,
    finished: manifest.timings.finished,
    pairs: { total: manifest.pairs.length, done: manifest.pairs.length - failed, failed },
    build: null,
    drift: manifest.drift === undefined ? null : tally(manifest.drift),
    failures: manifest.failures.map(({ message }) => message),
    causes: groupFailures(manifest.failures),
    progress: null,
  };
}

/** Status of a run that Temporal knows: live progress while it runs, its manifest once it has one. */
export async function statusFromServer(
  client: Client,
  runId: string,
  description: WorkflowExecutionDescription
): Promise<RunStatus> {
  const request = requestOf(description);
  const out = request?.spec.out ?? null;
  const running = description.status.name === 'RUNNING';
  const manifest = running || out === null ? null : await findManifest(out, runId);
  if (manifest !== null) return statusFromManifest(manifest, `${out!}/runs/${runId}`);
  const handle: RunHandle = client.workflow.getHandle(runWorkflowId(runId));
  const progress = running ? await queryProgress(handle) : null;
  return {
    run_id: runId,
    state: stateOf(description),
    source: request?.spec.source ?? null,
    location: out === null ? null : `${out}/runs/${runId}`,
    started: description.startTime.toISOString(),
    finished: description.closeTime?.toISOString() ?? null,
    pairs: {
      total: progress?.pairs.total ?? null,
      done: progress?.pairs.done ?? null,
      failed: progress?.pairs.failed ?? null,
    },
    build: running ? buildOf(description) : null,
    drift: progress?.drift ?? null,
    failures: progress?.failures.map(({ message }) => message) ?? [],
    causes: groupFailures(progress?.failures ?? []),
    progress,
  };
}

function buildOf({ raw }: WorkflowExecutionDescription): string | null {
  const { versioningOverride: override, deploymentVersion } = raw.workflowExecutionInfo?.versioningInfo ?? {};
  return (override?.pinned?.version ?? deploymentVersion)?.buildId ?? null;
}

function tally(layers: NonNullable<RunManifest['drift']>): NonNullable<RunStatus['drift']> {
  const failed = layers.filter(({ status }) => status === 'failed').length;
  return { total: layers.length, done: layers.length - failed, failed };
}

/** State of a workflow as the words of the project. */
export function stateOf({ status }: { status: { name: string } }): RunState {
  switch (status.name) {
    case 'RUNNING':
    case 'CONTINUED_AS_NEW':
      return 'running';
    case 'COMPLETED':
      return 'done';
    case 'CANCELLED':
    case 'TERMINATED':
      return 'cancelled';
    default:
      return 'failed';
  }
}
