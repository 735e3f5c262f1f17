import { compareComposedTask, readMatches } from '../../../activities/steps/compare-composed';
import { silentContext } from '../../../activities/task-context';
import { readFolded } from '../../../activities/steps/folded-artifact';
import { featuresOf, pairCost } from '../../../matching/features';
import type { FoldedRef, RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { foldAll, match, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();

it.each<Partial<RunSpec>>([
  {},
  { metric: 'cosine' },
  { weights: 'all', part_weights: { decoder: 3, bias: 0.5 } },
  { weights: 'all', metric: 'cosine', part_weights: { encoder: 0.5 }, unmatched: 0.2 },
])('composed matches are priced by the vectors that were matched: %j', async (options) => {
  const spec = { ...smallModel(newFolder()), ...options };
  const store = storeOf(spec);
  const [a, b, c] = (await foldAll(spec)) as [FoldedRef, FoldedRef, FoldedRef];
  const [first, second, direct] = [await match(spec, a, b), await match(spec, b, c), await match(spec, a, c)];
  const input = { spec, source: a, target: c, direct, steps: [first, second] };
  const { agreement, extraCost } = await compareComposedTask(input, silentContext);

  const [ab, bc, ac] = [
    await readMatches(store, first),
    await readMatches(store, second),
    await readMatches(store, direct),
  ];
  const vectors = async ({ rows }: { rows: string }) =>
    featuresOf(await readFolded(store, rows, silentContext), spec.weights, options);
  const [source, target] = [await vectors(a), await vectors(c)];
  let [agreeing, extra, matched] = [0, 0, 0];
  ac.targetFeature.forEach((j, i) => {
    if (j < 0) return;
    matched += 1;
    const middle = ab.targetFeature[i]!;
    const composed = middle < 0 ? -1 : bc.targetFeature[middle]!;
    if (composed === j) agreeing += 1;
    else if (composed >= 0) extra += pairCost(source, target, i, composed) - ac.cost[i]!;
  });
  expect(agreement).toBe(agreeing / matched);
  expect(extraCost).toBeCloseTo(extra, 12);
  // At equal widths no other matching of all features is cheaper.
  if (options.unmatched === undefined) expect(extraCost).toBeGreaterThan(0);
});
