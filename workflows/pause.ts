import { patched, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import { deadlineOf } from './deadline';
import { asFailure, isCorrupt, mayPass } from './failures';
import { logSetAside } from './log-failure';
import type { RunStateTracker } from './run-state';
import type { RunRequest } from './run-types';

const FIRST_PAUSE_SECONDS = 60;
const LONGEST_PAUSE_SECONDS = 30 * 60;

/**
 * Waits before something is tried again for the `round`th time; each pause is twice as long as the one before.
 *
 * @returns false, at once, when the deadline of the run comes first
 */
export async function pauseFor(round: number, { execution }: RunRequest, tracker: RunStateTracker): Promise<boolean> {
  const first = execution.firstPauseSeconds ?? FIRST_PAUSE_SECONDS;
  const pause = Math.min(LONGEST_PAUSE_SECONDS, first * 2 ** (round - 1)) * 1000;
  const next = Date.now() + pause;
  if (next > deadlineOf(execution, workflowInfo().runStartTime)) return false;
  tracker.pausesUntil(new Date(next));
  setCurrentDetails(tracker.details());
  await sleep(pause);
  tracker.pausesUntil(null);
  return true;
}

/**
 * Carries out a step that everything waits for. One that may succeed later is tried again until the deadline; what it finds
 * damaged is for earlier steps to mend.
 *
 * @param what name of the step in failures
 */
export async function withPauses<T>(
  what: string,
  step: () => Promise<T>,
  request: RunRequest,
  tracker: RunStateTracker
): Promise<T> {
  for (let round = 1; ; round++) {
    try {
      return await step();
    } catch (error) {
      if (!mayPass(error) || isCorrupt(error) || !patched('set-aside')) throw error;
      const failure = asFailure(error, what, []);
      const end = tracker.setAside(failure);
      logSetAside(failure);
      const again = await pauseFor(round, request, tracker);
      end();
      if (!again) throw error;
    }
  }
}
