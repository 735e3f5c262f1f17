import { patched } from '@temporalio/workflow';
import { enterPhase } from './enter-phase';
import { isCorrupt } from './failures';
import type { RunStateTracker } from './run-state';
import type { RunOutcome } from './run-types';

/** How often a workflow goes back to its layers and pairs because something in the store was found damaged. */
const MOST_REPAIRS = 3;

/**
 * Carries out all steps that store something, again from the first where one finds the work of another damaged: each looks at
 * what is stored of it, and does again what is.
 */
export async function withRepairs<O extends Pick<RunOutcome, 'state'>>(
  tracker: RunStateTracker,
  carryOut: () => Promise<O>
): Promise<O> {
  for (let repairs = 0; ; repairs++) {
    try {
      const outcome = await carryOut();
      tracker.state = outcome.state;
      enterPhase(tracker, 'finished');
      return outcome;
    } catch (error) {
      if (!isCorrupt(error) || repairs >= MOST_REPAIRS || !patched('set-aside')) throw error;
      tracker.startOver();
    }
  }
}
