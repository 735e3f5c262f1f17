import { createTileThreads } from '../../../activities/tiles/tile-threads';
import { createReferenceKernel } from '../../../kernels/reference-kernel';
import { createLocalDevice } from '../../../matching/engine/local-tiles';
import type { TileArithmetic, TileStorage } from '../../../matching/engine/shared-problem';
import { createStore } from '../../../matching/engine/similarity-store';
import { matchPair } from '../../../matching/match-pair';
import type { Matching } from '../../../matching/matching';
import type { TilePort } from '../../../matching/ports';
import { proveOptimality } from '../../../matching/verification/prove-optimality';
import { denseMatching } from '../oracle/dense-matching';
import type { DenseMatching } from '../oracle/dense-matching';
import { sideOf } from '../random-features';
import { hardInputs } from './hard-inputs';
import type { HardInput } from './hard-inputs';

/*
 * The engine, in every way it can compute, against the whole method on the whole matrix. All ways must give the same
 * matching, the same nearest features and the same costs, bit for bit, and a certificate that holds.
 */

const availableMemory = 2 ** 30;

/** Keeps of the similarities what is asked for, however much memory there is. */
const keeping = (storage: TileStorage, tiles: TilePort): TilePort => ({
  devicesFor: (...shape) =>
    tiles.devicesFor(...shape).map((device) => ({
      ...device,
      open: (problem) => {
        const kept = { ...problem, storage };
        // So few best pairs that others are often asked for.
        return device.open(kept, createStore(kept, 20));
      },
    })),
});
const threads = (count: number, always: TileArithmetic): TilePort =>
  createTileThreads({ device: 'cpu', threads: count, always });
const local: TilePort = { devicesFor: () => [createLocalDevice('javascript', createReferenceKernel)] };
const float32: TileArithmetic = { kind: 'float32', inputRoundoff: 0 };
const integer: TileArithmetic = { kind: 'integer' };

const ways: readonly (readonly [string, TilePort])[] = [
  ['plain JavaScript', local],
  ['plain JavaScript, keeping the best pairs', keeping('best', local)],
  ['float32 on one thread', threads(1, float32)],
  ['float32 on two threads, computed again by each scan', keeping('streamed', threads(2, float32))],
  ['8-bit integers on two threads', threads(2, integer)],
  ['8-bit integers on three threads, computed again by each scan', keeping('streamed', threads(3, integer))],
  ['8-bit integers on two threads, keeping the best pairs', keeping('best', threads(2, integer))],
];

async function expectSame(
  matching: Matching,
  { source, target }: HardInput,
  expected: DenseMatching,
  unmatched: number | null
): Promise<void> {
  expect([...matching.targetFeature]).toEqual(expected.targetOf);
  expect([...matching.nearestTarget]).toEqual(expected.nearestTarget);
  expect([...matching.mutualNearest]).toEqual(expected.mutualNearest);
  const { targetFeature, cost, certificate, objective } = matching;
  const proof = await proveOptimality({ source, target, targetFeature, cost, ...certificate, unmatched });
  expect({ holds: proof.holds, wrongCost: proof.wrongCost }).toEqual({ holds: true, wrongCost: null });
  expect(Math.abs(certificate.gap)).toBeLessThanOrEqual(proof.tolerance);
  expect(Math.abs(objective - proof.objective)).toBeLessThanOrEqual(proof.tolerance);
}

describe.each(hardInputs(192, 24))('$name', (input) => {
  const match = (tiles: TilePort, unmatched: number | null): Promise<Matching> =>
    matchPair(sideOf(input.source), sideOf(input.target), { availableMemory, unmatched }, { tiles });

  const expected = denseMatching(input.source, input.target);

  it.each(ways)('has the matching of the dense method by %s', async (_, tiles) => {
    await expectSame(await match(tiles, null), input, expected, null);
  });

  it.each([0.5, 0, -0.2, 1])('has it with the outside option %d', async (unmatched) => {
    const withOption = denseMatching(input.source, input.target, unmatched);
    for (const [, tiles] of [ways[0]!, ways[3]!]) {
      await expectSame(await match(tiles, unmatched), input, withOption, unmatched);
    }
  });
});
