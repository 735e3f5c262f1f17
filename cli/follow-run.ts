import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Workflow, WorkflowResultType } from '@temporalio/common';
import type { TaskProgress } from '../activities/task-context';
import { CancelledError, SaeMatchError } from '../matching/errors';
import { groupFailures, groupLine } from '../workflows/group-failures';
import type { RunOutcome, RunProgress } from '../workflows/run-types';
import { createProgressBar } from './progress-bar';
import type { ProgressText } from './progress-bar';
import { queryProgress } from './query-progress';
import { isUnavailable } from './is-unavailable';
import type { Output } from './output';
import type { RunHandle } from './runs';
import type { Session } from './session';

const POLL_MS = 400;
/** A dead server or worker is looked for this often. */
const REVIVE_MS = 2000;

/**
 * Waits for a run to end, drawing its progress. A server that goes away is waited for (and, when it is the embedded
 * one, brought back with its worker), so that a crash of either costs nothing but time.
 *
 * @throws SaeMatchError when the run failed as a whole
 * @throws CancelledError when it was cancelled
 */
export function followRun(session: Session, handle: RunHandle, output: Output): Promise<RunOutcome> {
  return followWorkflow(session, handle, output);
}

/** The same of any workflow that answers the query for progress. */
export async function followWorkflow<W extends Workflow>(
  session: Session,
  handle: WorkflowHandle<W>,
  output: Output
): Promise<WorkflowResultType<W>> {
  const bar = createProgressBar(output.interactive);
  let revived = Date.now();
  let away = false;
  const told = new Set<string>();
  const note = (line: string): void => {
    bar.clear();
    output.note(line);
  };
  const noteOnce = (line: string): void => {
    if (!told.has(line)) note(line);
    told.add(line);
  };
  try {
    for (;;) {
      try {
        const state = await session.call(() => pollRun(handle));
        away = false;
        if (state.ended) return await session.call(() => outcomeOf(handle));
        for (const retry of state.retries) noteOnce(`trying again: ${retry}`);
        for (const group of groupFailures(state.progress?.setAside ?? [])) noteOnce(`set aside: ${groupLine(group)}`);
        bar.draw(progressText(state.progress, state.heartbeats));
      } catch (error) {
        // How a run failed is told in words of our own, which may well speak of a server.
        if (error instanceof SaeMatchError || !isUnavailable(error)) throw error;
        if (!away) note('the server does not answer; waiting for it');
        away = true;
      }
      if (away || Date.now() - revived > REVIVE_MS) {
        await session.revive();
        revived = Date.now();
      }
      await sleep(POLL_MS);
    }
  } finally {
    bar.clear();
  }
}

interface Poll {
  readonly ended: boolean;
  readonly progress: RunProgress | null;
  readonly heartbeats: readonly TaskProgress[];
  /** Why steps are being tried again. */
  readonly retries: readonly string[];
}

async function pollRun(handle: WorkflowHandle): Promise<Poll> {
  const description = await handle.describe();
  if (description.status.name !== 'RUNNING') return { ended: true, progress: null, heartbeats: [], retries: [] };
  const { defaultPayloadConverter } = await import('@temporalio/client');
  const heartbeats = (description.raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
    const payload = heartbeatDetails?.payloads?.[0];
    const progress = payload && defaultPayloadConverter.fromPayload<TaskProgress | null>(payload);
    return progress ? [progress] : [];
  });
  const retries = (description.raw.pendingActivities ?? []).flatMap(({ lastFailure }) => lastFailure?.message ?? []);
  return { ended: false, progress: await queryProgress(handle), heartbeats, retries };
}

async function outcomeOf<W extends Workflow>(handle: WorkflowHandle<W>): Promise<WorkflowResultType<W>> {
  try {
    return await handle.result();
  } catch (error) {
    const { CancelledFailure, TerminatedFailure, WorkflowFailedError } = await import('@temporalio/client');
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof CancelledFailure) throw new CancelledError('the run');
    if (error.cause instanceof TerminatedFailure) throw new SaeMatchError('the run was terminated on the server');
    throw new SaeMatchError(rootMessage(error), { cause: error });
  }
}

/** The innermost message of a chain of Temporal failures: the one our code wrote. */
function rootMessage(error: Error): string {
  let innermost = error;
  while (innermost.cause instanceof Error) innermost = innermost.cause;
  return innermost.message;
}

function progressText(progress: RunProgress | null, heartbeats: readonly TaskProgress[]): ProgressText {
  if (progress === null) return { label: 'waiting', fraction: null, detail: 'for a worker' };
  const { pairs, layers } = progress;
  if (progress.phase === 'resolving') return { label: 'reading', fraction: null, detail: 'looking at the source' };
  if (progress.phase === 'drift') return driftText(progress);
  if (progress.phase === 'evaluating') return evaluatingText(heartbeats);
  const partial = heartbeats.reduce((sum, { done, total }) => sum + Math.min(1, done / Math.max(1, total)), 0);
  const steps = layers.total + pairs.total;
  const done = layers.folded + layers.failed + pairs.done + pairs.failed;
  const failed = progress.failures.length > 0 ? `, ${progress.failures.length} failed` : '';
  const gaps = heartbeats.flatMap((heartbeat) => heartbeat.gap ?? []);
  const gap = gaps.length === 0 ? '' : `, gap ${Math.max(...gaps).toExponential(0)}`;
  const aside = pairs.setAside.length > 0 ? `, ${pairs.setAside.length} set aside` : '';
  const running = pairs.running.slice(0, 3).join(' ').replaceAll(':', '→');
  return {
    label: progress.phase,
    fraction: steps === 0 ? null : Math.min(1, (done + 0.9 * Math.min(partial, pairs.running.length)) / steps),
    detail: `layers ${layers.folded}/${layers.total}, pairs ${pairs.done}/${pairs.total}${failed}${aside}  ${running}${gap}`,
  };
}

function evaluatingText(heartbeats: readonly TaskProgress[]): ProgressText {
  const [done, total] = [
    heartbeats.reduce((sum, part) => sum + part.done, 0),
    heartbeats.reduce((sum, part) => sum + part.total, 0),
  ];
  return {
    label: 'evaluating',
    fraction: total === 0 ? null : done / total,
    detail: `${heartbeats.length} pairs at work`,
  };
}

function driftText({ phase, drift }: RunProgress): ProgressText {
  const { total = 0, done = 0, failed = 0, running = [], setAside = [] } = drift ?? {};
  const aside = setAside.length > 0 ? `, ${setAside.length} set aside` : '';
  const layers = running.slice(0, 3).map((pair) => pair.split(':')[0]!);
  return {
    label: phase,
    fraction: total === 0 ? null : (done + failed) / total,
    detail: `layers compared ${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}${aside}  ${layers.join(' ')}`,
  };
}
