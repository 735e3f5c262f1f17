import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { RunManifest } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import { SaeMatchError } from '../../matching/errors';
import type { RunRequest, RunState } from '../../workflows/run-types';
import { statusFromManifest, stateOf } from '../run-status';
import { findManifest } from '../runs';
import type { Session } from '../session';
import { isWanted, visibilityQuery } from './run-filter';
import type { RunFilter } from './run-filter';

/** One run in a list; field names as in its JSON. */
export interface ListedRun {
  readonly run_id: string;
  readonly state: RunState;
  readonly started: string;
  readonly source: string | null;
  readonly location: string | null;
}

/** A run as the server knows it. */
interface KnownRun {
  readonly run: ListedRun;
  /** Null for a run of which it is not known what was asked for. */
  readonly request: RunRequest | null;
}

/** Runs that the server knows and those in an output folder, the latest first. */
export async function listRuns({ client }: Session, out: string, filter: RunFilter): Promise<ListedRun[]> {
  const known = new Map<string, KnownRun>();
  for await (const execution of client.workflow.list({ query: visibilityQuery(filter) })) {
    const one = knownRun(execution);
    // A run that was resumed is there once for every time.
    const other = known.get(one.run.run_id);
    if (other === undefined || other.run.started < one.run.started) known.set(one.run.run_id, one);
  }
  for (const run of await runsOfFolder(out, filter)) {
    if (known.get(run.run_id)?.run.state !== 'running') known.set(run.run_id, { run, request: null });
  }
  const latestFirst = [...known.values()].sort((a, b) => (a.run.started < b.run.started ? 1 : -1));
  const listed: ListedRun[] = [];
  for (const one of latestFirst) {
    if (listed.length >= filter.limit) break;
    // How a run ended is read last, from its manifest, and only of those that may be wanted.
    if (!isWanted({ ...filter, states: null }, one.run)) continue;
    const run = await withItsEnd(one);
    if (isWanted(filter, run)) listed.push(run);
  }
  return listed;
}

function knownRun(execution: WorkflowExecutionInfo): KnownRun {
  const request = (execution.memo?.request as RunRequest | undefined) ?? null;
  const run: ListedRun = {
    run_id: request?.runId ?? execution.workflowId,
    state: stateOf(execution),
    started: execution.startTime.toISOString(),
    source: request?.spec.source ?? null,
    location: request === null ? null : `${request.spec.out}/runs/${request.runId}`,
  };
  return { run, request };
}

/** A finished run may have failed in part. */
async function withItsEnd({ run, request }: KnownRun): Promise<ListedRun> {
  if (request === null || run.state !== 'done') return run;
  const manifest = await publishedManifest(request);
  return manifest === null ? run : { ...run, state: manifest.state };
}

/** Null as well when the place of the results cannot be looked into from here: the run is listed all the same. */
async function publishedManifest({ spec, runId }: RunRequest): Promise<RunManifest | null> {
  try {
    return await findManifest(spec.out, runId);
  } catch (error) {
    if (error instanceof SaeMatchError) return null;
    throw error;
  }
}

async function runsOfFolder(out: string, { prefix }: RunFilter): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const key of await openStore(out).list('runs/')) {
    const runId = /^runs\/([^/]+)\/manifest\.json$/.exec(key)?.[1];
    if (runId?.startsWith(prefix) !== true) continue;
    const manifest = await findManifest(out, runId);
    if (manifest === null) continue;
    const { run_id, state, started, source, location } = statusFromManifest(manifest, `${out}/runs/${manifest.run_id}`);
    runs.push({ run_id, state, started: started!, source, location });
  }
  return runs;
}
