import type { ActivityOptions } from '@temporalio/workflow';
import type { RunExecution } from './run-types';

type Pool = 'io' | 'fold' | 'match';

/**
 * Options of an activity that does `work` units of arithmetic or I/O (multiply-adds or bytes). The time limit follows
 * from the work at a tenth of the speed a slow core reaches; a lost worker is noticed by its missing heartbeat long
 * before. Transient faults are retried for as long as a run may take, broken input never (see activities/boundary.ts).
 */
export function activityOptions(pool: Pool, execution: RunExecution, work = 0): ActivityOptions {
  const seconds = 600 + Math.ceil(work / 2e7);
  return {
    taskQueue: `${execution.taskQueue}-${pool}`,
    startToCloseTimeout: seconds * 1000,
    heartbeatTimeout: execution.heartbeatSeconds * 1000,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 50 },
  };
}
