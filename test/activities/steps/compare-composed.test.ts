import { compareComposedTask, readMatches } from '../../../activities/steps/compare-composed';
import { silentContext } from '../../../activities/task-context';
import { readFolded } from '../../../activities/steps/folded-artifact';
import { featuresOf, pairCost } from '../../../matching/features';
import { CancelledError } from '../../../matching/errors';
import type { ComposedComparison, FoldedRef, RunSpec } from '../../../workflows/run-types';
import { randomSae } from '../../support/random-sae';
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
  const input = { spec, source: a, targets: [{ folded: c, direct }], steps: [first, second] };
  const [{ agreement, extraCost }] = (await compareComposedTask(input, silentContext)) as [ComposedComparison];

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

describe('the targets of one source layer', () => {
  it.each<Partial<RunSpec>>([{}, { weights: 'all', metric: 'cosine', unmatched: 0.9 }])(
    'are compared together as each alone: %j',
    async (options) => {
      const saes = [1, 2, 3, 4, 5].map((seed) => randomSae(seed));
      const spec = { ...smallModel(newFolder(), saes), ...options };
      const layers = await foldAll(spec);
      const source = layers[0]!;
      const steps = [];
      for (const [index, layer] of layers.slice(1).entries()) steps.push(await match(spec, layers[index]!, layer));
      const targets = [];
      // Layer 3 lies on the way and was not matched directly.
      for (const layer of [2, 4]) {
        targets.push({ folded: layers[layer]!, direct: await match(spec, source, layers[layer]!) });
      }
      const together = await compareComposedTask({ spec, source, targets, steps }, silentContext);
      const alone = [];
      for (const target of targets) {
        const way = steps.slice(0, target.folded.layer);
        alone.push(...(await compareComposedTask({ spec, source, targets: [target], steps: way }, silentContext)));
      }
      expect(together).toEqual(alone);
      expect(together.map(({ target }) => target)).toEqual([2, 4]);
    }
  );

  it('are not compared any more once the run is cancelled', async () => {
    const spec = smallModel(newFolder());
    const [a, b, c] = (await foldAll(spec)) as [FoldedRef, FoldedRef, FoldedRef];
    const steps = [await match(spec, a, b), await match(spec, b, c)];
    const targets = [{ folded: c, direct: await match(spec, a, c) }];
    let looked = 0;
    const throwIfCancelled = (): void => {
      looked += 1;
      if (looked > 1) throw new CancelledError();
    };
    const comparing = compareComposedTask({ spec, source: a, targets, steps }, { ...silentContext, throwIfCancelled });
    await expect(comparing).rejects.toThrow(CancelledError);
    expect(looked).toBe(2);
  });
});
