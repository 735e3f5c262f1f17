import type { RunExecution } from './run-types';

/** A week: what nobody mends within it, nobody waits for. */
export const DEFAULT_DEADLINE_SECONDS = 7 * 24 * 60 * 60;

/** When a run gives up what keeps failing, in milliseconds since the epoch. */
export function deadlineOf({ deadlineSeconds = DEFAULT_DEADLINE_SECONDS }: RunExecution, started: Date): number {
  return started.getTime() + deadlineSeconds * 1000;
}
