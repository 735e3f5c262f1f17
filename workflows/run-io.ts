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

/** What others need not wait for fails after so long: a bucket may be away for an hour, and what can never succeed must not hold up the rest. */
const PATIENCE_MS = 60 * 60 * 1000;

/** When a piece of work that fails alone is given up, in milliseconds since the epoch. */
export const pieceDeadline = (request: RunRequest): number => Math.min(runDeadline(request), Date.now() + PATIENCE_MS);

/** When the workflow of a request gives up what keeps failing, in milliseconds since the epoch. */
export const runDeadline = ({ execution }: RunRequest): number => deadlineOf(execution, workflowInfo().runStartTime);
