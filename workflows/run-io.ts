import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { IoActivities } from './activity-types';
import { deadlineOf } from './deadline';
import type { RunRequest } from './run-types';

/**
 * The activities of the `io` pool, which nothing can go on without: they are tried until the deadline.
 *
 * @param work bytes that their time limit follows from
 */
export function runIo(request: RunRequest, work = 0): IoActivities {
  return proxyActivities<IoActivities>(activityOptions('io', request.execution, { work, until: runDeadline(request) }));
}

/** When the workflow of a request gives up what keeps failing, in milliseconds since the epoch. */
export const runDeadline = ({ execution }: RunRequest): number => deadlineOf(execution, workflowInfo().runStartTime);
