import type { ActivityOptions } from '@temporalio/workflow';
import type { RunExecution } from './run-types';

type Pool = 'io' | 'fold' | 'match';

export interface Effort {
  /** Multiply-adds or bytes: what the time limit follows from. */
  readonly work?: number;
  /** Nothing can go on without this activity: it is tried until then, in milliseconds since the epoch. */
  readonly until?: number;
}

/** Attempts on an activity that others need not wait for, before it is set aside: a minute and a half of trouble. */
const ATTEMPTS = 8;

/**
 * Options of an activity. The time limit follows from its work at a tenth of the speed a slow core reaches; a lost worker is
 * noticed by its missing heartbeat long before. Broken input is never tried again (see activities/boundary.ts).
 */
export function activityOptions(
  pool: Pool,
  execution: RunExecution,
  { work = 0, until }: Effort = {}
): ActivityOptions {
  const limitMs = (600 + Math.ceil(work / 2e7)) * 1000;
  const pauses = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;
  return {
    taskQueue: `${execution.taskQueue}-${pool}`,
    startToCloseTimeout: limitMs,
    heartbeatTimeout: execution.heartbeatSeconds * 1000,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    ...(until === undefined
      ? { retry: { ...pauses, maximumAttempts: ATTEMPTS } }
      : { retry: pauses, scheduleToCloseTimeout: Math.max(limitMs, until - Date.now()) }),
  };
}
