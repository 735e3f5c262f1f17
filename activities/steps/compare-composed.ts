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

/**
 * Composes the steps that lead away from a layer, one after the other, and compares what has been composed so far with the
 * direct match of every layer on the way that has one. Each step is read once. In memory there are at most the rows of
 * the source layer and of one target layer, and of a target only where the two ways differ.
 *
 * @throws ArtifactCorruptError when something that was stored is gone or damaged
 */
export async function compareComposedTask(
  input: CompareInput,
  context: TaskContext
): Promise<readonly ComposedComparison[]> {
  const { spec, targets, steps } = input;
  const store = openStore(spec.out);
  const read = async ({ rows }: FoldedRef): Promise<Features> =>
    featuresOf(await readFolded(store, rows, context, matricesOf(spec.weights)), spec.weights, spec);
  let source: Features | null = null;
  let composed: Int32Array | null = null;
  const comparisons: ComposedComparison[] = [];
  for (const [index, step] of steps.entries()) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'reading', done: index, total: steps.length, gap: null });
    const { targetFeature } = await readMatches(store, step);
    composed = composed === null ? targetFeature : compose(composed, targetFeature);
    for (const { folded, direct } of targets.filter(({ folded: { layer } }) => layer === step.target)) {
      const table = await readMatches(store, direct);
      let vectors = null;
      if (differ(table.targetFeature, composed)) {
        source ??= await read(input.source);
        vectors = { source, target: await read(folded) };
      }
      comparisons.push({ source: direct.source, target: direct.target, ...compare(table, composed, vectors) });
    }
  }
  return comparisons;
}

/** The matches of a pair. @throws ArtifactCorruptError when they are gone or not what was stored */
export async function readMatches(store: ObjectStore, ref: MatchRef): Promise<MatchTable> {
  const recorded = (await requireMatchSummary(store, ref)).files['matches.parquet'];
  return decodeMatches(await getVerified(store, recorded), store.url(recorded.key));
}

const differ = (direct: Int32Array, composed: Int32Array): boolean =>
  direct.some((j, i) => j >= 0 && composed[i]! >= 0 && composed[i] !== j);

/** @param vectors needed where a feature is matched both ways, with different targets */
function compare(
  direct: MatchTable,
  composed: Int32Array,
  vectors: { readonly source: Features; readonly target: Features } | null
): Pick<ComposedComparison, 'agreement' | 'extraCost'> {
  let agreeing = 0;
  let matched = 0;
  let extraCost = 0;
  direct.targetFeature.forEach((j, i) => {
    if (j < 0) return;
    matched += 1;
    const other = composed[i]!;
    if (other === j) agreeing += 1;
    else if (other >= 0) extraCost += pairCost(vectors!.source, vectors!.target, i, other) - direct.cost[i]!;
  });
  return { agreement: matched === 0 ? 0 : agreeing / matched, extraCost };
}
