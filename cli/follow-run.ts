import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Workflow, WorkflowResultType } from '@temporalio/common';
import { CancelledError, SaeMatchError } from '../matching/errors';
import { isUnavailable } from './is-unavailable';
import { observeRun } from './observe-run';
import type { ObservedRun } from './observe-run';
import { queryProgress } from './query-progress';
import { workersOf } from './run-workers';
import type { RunWorker } from './run-workers';
import type { Session } from './session';

/** What shows a run to whoever waits for it. */
export interface RunDisplay {
  /** How often it wants to be told. */
  readonly intervalMs: number;
  /** Whether it shows the state of every pair. */
  readonly grid: boolean;
  /** Prefix of the task queues whose workers it shows; null where it shows none. */
  readonly workersOf: string | null;
  show(observed: ObservedRun): void;
  /** The server does not answer; told again and again until it does. */
  lost(): void;
  /** Nothing is shown any more. */
  close(): void;
}

/** A dead server or worker is looked for this often. */
const REVIVE_MS = 2000;
/** The workers are looked at this often. */
const WORKERS_MS = 5000;

/**
 * Waits for a run, or another workflow that answers the query for progress, to end, showing how far it is. A server that goes away is waited for (and, when it is the embedded
 * one, brought back with its worker), so that a crash of either costs nothing but time.
 *
 * @throws SaeMatchError when the run failed as a whole
 * @throws CancelledError when it was cancelled
 */
export async function followRun<W extends Workflow>(
  session: Session,
  handle: WorkflowHandle<W>,
  display: RunDisplay
): Promise<WorkflowResultType<W>> {
  const { grid } = display;
  const workers = new WorkerLook(session, display.workersOf);
  let revived = Date.now();
  let away = false;
  try {
    for (;;) {
      try {
        const observed = await session.call(() => observeRun(handle, { grid }));
        away = false;
        if (observed === null) {
          if (grid) await showEnd(session, handle, display);
          return await session.call(() => outcomeOf(handle));
        }
        display.show({ ...observed, workers: await workers.look() });
      } catch (error) {
        // How a run failed is told in words of our own, which may well speak of a server.
        if (error instanceof SaeMatchError || !isUnavailable(error)) throw error;
        display.lost();
        away = true;
      }
      if (away || Date.now() - revived > REVIVE_MS) {
        await session.revive();
        revived = Date.now();
      }
      await sleep(display.intervalMs);
    }
  } finally {
    display.close();
  }
}

/** Looks for workers now and then. A server that does not tell costs nothing but their names. */
class WorkerLook {
  private latest: readonly RunWorker[] = [];
  private looked = 0;

  constructor(
    private readonly session: Session,
    private readonly taskQueue: string | null
  ) {}

  async look(): Promise<readonly RunWorker[]> {
    const { session, taskQueue } = this;
    if (taskQueue === null || Date.now() - this.looked < WORKERS_MS) return this.latest;
    this.looked = Date.now();
    try {
      this.latest = await session.call(() => workersOf(session.client, taskQueue));
    } catch (error) {
      if (error instanceof CancelledError) throw error;
    }
    return this.latest;
  }
}

/** What the run was like when it ended; nothing where no worker can tell any more. */
async function showEnd(session: Session, handle: WorkflowHandle, display: RunDisplay): Promise<void> {
  const progress = await session.call(() => queryProgress(handle, { grid: true })).catch(() => null);
  if (progress !== null) display.show({ progress, steps: [], workers: [] });
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
