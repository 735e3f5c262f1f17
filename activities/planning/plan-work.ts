import type { Prediction } from '../../artifacts/planning-record';
import type { MissingKeys } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { RunPlan, RunRequest } from '../../workflows/run-types';
import { misfitError, misfits } from './check-fit';
import { missingWork } from './missing-work';
import { predictRun } from './predict-run';
import type { PlanningPlace } from './predict-run';

/** What is written down of a run before it begins. */
export interface PlannedWork {
  readonly missing: MissingKeys;
  readonly prediction: Prediction | null;
}

/**
 * Says what a run takes, going by a worker of this place.
 *
 * @throws MemoryBudgetError when a pair that is to be matched cannot fit the budget that was given for the run
 */
export async function planWork(
  store: ObjectStore,
  { spec, execution }: Pick<RunRequest, 'spec' | 'execution'>,
  plan: RunPlan,
  place: PlanningPlace
): Promise<PlannedWork> {
  const { work, missing } = await missingWork(store, spec, plan);
  const { memoryBudget } = execution;
  if (memoryBudget !== null) {
    // Other workers may have fewer slots: only what fits none of them is refused.
    const roomiest = { ...place, memoryBudget, slots: 1 };
    const found = misfits(work.matches, roomiest);
    if (found.length > 0) throw misfitError(found, roomiest);
  }
  const budget = memoryBudget ?? place.memoryBudget;
  return { missing, prediction: predictRun(work, { ...place, memoryBudget: budget }) };
}
