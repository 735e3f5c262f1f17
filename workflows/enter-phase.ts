import { setCurrentDetails } from '@temporalio/workflow';
import type { RunStateTracker } from './run-state';
import type { RunProgress } from './run-types';

/** Notes which phase a workflow is in, also for Temporal's web page. */
export function enterPhase(tracker: RunStateTracker, phase: RunProgress['phase']): void {
  tracker.phase = phase;
  setCurrentDetails(tracker.details());
}
