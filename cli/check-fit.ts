import { misfitError, misfits } from '../activities/planning/check-fit';
import type { SizedLayer } from '../activities/planning/pair-work';
import type { UnhashedPlan } from '../activities/steps/resolve-run';
import { runTask } from '../activities/thread/run-task';
import { embeddedPlace } from './planning-place';
import type { ResolvedRun } from './spec/resolve-spec';

/**
 * Refuses a run that the embedded worker cannot carry out, before anything is started. Pairs that are in the store need no
 * memory: what is stored is looked at only where it matters.
 *
 * @throws MemoryBudgetError that names the pair, what it needs and what there is
 */
export async function checkFit({ runId, spec, memoryBudget }: ResolvedRun, plan: UnhashedPlan): Promise<void> {
  const place = await embeddedPlace(memoryBudget);
  const layers = new Map<number, SizedLayer>(plan.layers.map((layer) => [layer.layer, layer]));
  const pairs = plan.pairs.map(([source, target]) => ({ source: layers.get(source)!, target: layers.get(target)! }));
  if (misfits(pairs, place).length === 0) return;
  const preview = await runTask('previewRun', { runId, spec, place });
  if (preview.misfits.length > 0) throw misfitError(preview.misfits, place);
}
