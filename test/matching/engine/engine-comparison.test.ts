import fc from 'fast-check';
import { createTileThreads } from '../../../activities/tiles/tile-threads';
import { createReferenceKernel } from '../../../kernels/reference-kernel';
import { createLocalDevice } from '../../../matching/engine/local-tiles';
import type { TileArithmetic } from '../../../matching/engine/shared-problem';
import { featuresOf, WEIGHT_MODES } from '../../../matching/features';
import type { Features, VectorOptions, WeightMode } from '../../../matching/features';
import type { FoldedLayer } from '../../../matching/folding';
import { matchPair } from '../../../matching/match-pair';
import type { TilePort } from '../../../matching/ports';
import { proveOptimality } from '../../../matching/verification/prove-optimality';
import { denseMatching } from '../oracle/dense-matching';
import type { DenseMatching } from '../oracle/dense-matching';
import { layerFrom, randomNumbers, sideOf } from '../random-features';
import { hardInputs } from './hard-inputs';

/*
 * The engine on vectors of several weighted parts and on unit vectors, against the whole method on the whole matrix: the
 * same matching, the same nearest features, and a certificate that holds.
 */

const threads = (always: TileArithmetic): TilePort => createTileThreads({ device: 'cpu', threads: 2, always });
const javascript: TilePort = { devicesFor: () => [createLocalDevice('javascript', createReferenceKernel)] };
const ways: readonly (readonly [string, TilePort])[] = [
  ['plain JavaScript', javascript],
  ['float32', threads({ kind: 'float32', inputRoundoff: 0 })],
  ['8-bit integers', threads({ kind: 'integer' })],
];

async function expectMatching(
  source: Features,
  target: Features,
  expected: DenseMatching,
  unmatched: number | null,
  tiles: TilePort
): Promise<void> {
  const options = { availableMemory: 2 ** 30, unmatched };
  const matching = await matchPair(sideOf(source), sideOf(target), options, { tiles });
  const { targetFeature, nearestTarget, mutualNearest, cost, certificate } = matching;
  const proof = await proveOptimality({ source, target, targetFeature, cost, ...certificate, unmatched });
  expect({
    targetOf: [...targetFeature],
    nearestTarget: [...nearestTarget],
    mutualNearest: [...mutualNearest],
    holds: proof.holds,
    wrongCost: proof.wrongCost,
  }).toEqual({
    targetOf: expected.targetOf,
    nearestTarget: expected.nearestTarget,
    mutualNearest: expected.mutualNearest,
    holds: true,
    wrongCost: null,
  });
  expect(Math.abs(certificate.gap)).toBeLessThanOrEqual(proof.tolerance);
}

const seed = fc.integer({ min: 0, max: 2 ** 31 });
const weight = fc.constantFrom(0, 1, 0.5, 0.1, 3, 1e-30, 1e30);
const problem = fc.record({
  seed,
  sources: fc.integer({ min: 1, max: 24 }),
  targets: fc.integer({ min: 1, max: 24 }),
  decoder: fc.integer({ min: 1, max: 6 }),
  encoder: fc.integer({ min: 1, max: 6 }),
  // Few integers: zero rows, parallel rows and many optimal matchings.
  integers: fc.boolean(),
  mode: fc.constantFrom<WeightMode>(...WEIGHT_MODES),
  metric: fc.constantFrom('mse' as const, 'cosine' as const),
  part_weights: fc.record({ decoder: weight, encoder: weight, bias: weight }),
  unmatched: fc.constantFrom(null, 0.4, -0.2),
});

test('whatever the parts, their weights and the metric, the matching is that of the dense method', async () => {
  await fc.assert(
    fc.asyncProperty(problem, async ({ sources, targets, mode, unmatched, ...given }) => {
      const random = randomNumbers(given.seed);
      const value = (): number => (given.integers ? Math.floor(random() * 3) - 1 : random() - 0.5);
      const [a, b] = [sources, targets].map((count) => featuresOf(layerFrom(count, given, value), mode, given));
      fc.pre(a!.parts.length > 0);
      await expectMatching(a!, b!, denseMatching(a!, b!, unmatched), unmatched, javascript);
    }),
    { numRuns: 300 }
  );
}, 120_000);

/** Layers whose decoder and encoder rows are hard in ways of their own. */
function layers(decoderName: string, encoderName: string): [FoldedLayer, FoldedLayer] {
  const inputs = hardInputs(256, 24);
  const of = (name: string, side: 'source' | 'target'): Features => inputs.find((input) => input.name === name)![side];
  const random = randomNumbers(9);
  const layer = (side: 'source' | 'target'): FoldedLayer => ({
    features: 256,
    decoder: of(decoderName, side).parts[0]!.rows,
    encoder: of(encoderName, side).parts[0]!.rows,
    encoderBias: Float32Array.from({ length: 256 }, () => random() - 0.5),
    excluded: new Uint8Array(256),
  });
  return [layer('source'), layer('target')];
}

const comparisons: readonly (readonly [string, WeightMode, VectorOptions, number | null])[] = [
  ['unit vectors of one part', 'decoder', { metric: 'cosine' }, null],
  ['unit vectors that may stay unmatched', 'decoder', { metric: 'cosine' }, 0.3],
  ['three weighted parts', 'all', { part_weights: { decoder: 0.1, encoder: 3, bias: 0.5 } }, null],
  ['two parts of very different weight', 'decoder+encoder', { part_weights: { encoder: 1e-12 } }, null],
  ['a part left out', 'all', { part_weights: { encoder: 0, bias: 7 } }, 0.1],
  ['unit vectors of weighted parts', 'all', { metric: 'cosine', part_weights: { encoder: 0.5, bias: 0.01 } }, 0.2],
];

describe.each(comparisons)('%s', (_, mode, options, unmatched) => {
  it.each([
    ['a planted permutation with much noise', 'norms spread over orders of magnitude'],
    ['dead features on both sides', 'dead features on both sides'],
    ['integer rows with many ties', 'integer rows with many ties'],
    ['families of near-duplicates', 'no structure at all'],
  ])('are matched as the dense method does, in every arithmetic: %s and %s', async (decoder, encoder) => {
    const [a, b] = layers(decoder, encoder).map((layer) => featuresOf(layer, mode, options));
    const expected = denseMatching(a!, b!, unmatched);
    for (const [, tiles] of ways) await expectMatching(a!, b!, expected, unmatched, tiles);
  });
});
