import { openStore } from '../../artifacts/store/open-store';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { decodeMatches } from '../../artifacts/tables/matches';
import type { MatchTable } from '../../artifacts/tables/matches';
import { getVerified } from '../../artifacts/verified';
import { compose } from '../../matching/composition';
import { featuresOf, matricesOf, pairCost } from '../../matching/features';
import type { Features } from '../../matching/features';
import type { CompareInput } from '../../workflows/activity-types';
import type { ComposedComparison, FoldedRef, MatchRef } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { readFolded } from './folded-artifact';
import { requireMatchSummary } from './match-summary';

/** Compares the composition of the steps between two layers with their direct match. */
export async function compareComposedTask(input: CompareInput, context: TaskContext): Promise<ComposedComparison> {
  const store = openStore(input.spec.out);
  const direct = await readMatches(store, input.direct);
  let composed: Int32Array | null = null;
  for (const step of input.steps) {
    context.throwIfCancelled();
    const { targetFeature } = await readMatches(store, step);
    composed = composed === null ? targetFeature : compose(composed, targetFeature);
  }
  const vectorsOf = async ({ rows }: FoldedRef): Promise<Features> =>
    featuresOf(await readFolded(store, rows, context, matricesOf(input.spec.weights)), input.spec.weights, input.spec);
  const [source, target] = [await vectorsOf(input.source), await vectorsOf(input.target)];
  let agreeing = 0;
  let matched = 0;
  let extraCost = 0;
  direct.targetFeature.forEach((j, i) => {
    if (j < 0) return;
    matched += 1;
    const other = composed![i]!;
    if (other === j) agreeing += 1;
    else if (other >= 0) extraCost += pairCost(source, target, i, other) - direct.cost[i]!;
  });
  return {
    source: input.direct.source,
    target: input.direct.target,
    agreement: matched === 0 ? 0 : agreeing / matched,
    extraCost,
  };
}

/** The matches of a pair. @throws ArtifactCorruptError when they are gone or not what was stored */
export async function readMatches(store: ObjectStore, ref: MatchRef): Promise<MatchTable> {
  const recorded = (await requireMatchSummary(store, ref)).files['matches.parquet'];
  return decodeMatches(await getVerified(store, recorded), store.url(recorded.key));
}
