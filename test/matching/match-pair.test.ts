import { createReferenceKernel } from '../../kernels/reference-kernel';
import { createLocalDevice } from '../../matching/engine/local-tiles';
import { CancelledError, InputError, MemoryBudgetError } from '../../matching/errors';
import type { Features } from '../../matching/features';
import { pairCost } from '../../matching/features';
import { matchPair } from '../../matching/match-pair';
import type { Matching } from '../../matching/matching';
import { proveOptimality } from '../../matching/verification/prove-optimality';
import { featuresFrom, randomNumbers, sideOf } from './random-features';

const ports = { tiles: { devicesFor: () => [createLocalDevice('javascript', createReferenceKernel)] } };
const options = { availableMemory: 2 ** 30 };
const match = (a: Features, b: Features): Promise<Matching> => matchPair(sideOf(a), sideOf(b), options, ports);

/** All injections of the smaller side, as target of each source (−1 out), in lexicographic order with −1 last. */
function* injections(sources: number, targets: number): Generator<number[]> {
  const mayStayOut = sources > targets;
  const used = new Array<boolean>(targets).fill(false);
  const current: number[] = [];
  function* extend(out: number): Generator<number[]> {
    if (current.length === sources) {
      yield [...current];
      return;
    }
    for (let j = 0; j < targets; j++) {
      if (used[j]) continue;
      used[j] = true;
      current.push(j);
      yield* extend(out);
      current.pop();
      used[j] = false;
    }
    if (mayStayOut && out < sources - targets) {
      current.push(-1);
      yield* extend(out + 1);
      current.pop();
    }
  }
  yield* extend(0);
}

function bruteForce(a: Features, b: Features): { cost: number; matching: number[] } {
  let best = { cost: Infinity, matching: [] as number[] };
  for (const matching of injections(a.count, b.count)) {
    const cost = matching.reduce((sum, j, i) => (j < 0 ? sum : sum + pairCost(a, b, i, j)), 0);
    if (cost < best.cost) best = { cost, matching };
  }
  return best;
}

const shapes = [
  [1, 1],
  [2, 2],
  [5, 5],
  [7, 7],
  [3, 6],
  [6, 3],
  [1, 7],
  [7, 1],
] as const;

describe('matchPair against brute force', () => {
  it.each(shapes)('finds the cheapest assignment of %d source and %d target features', async (n, m) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomNumbers(seed * 1000 + n * 10 + m);
      const a = featuresFrom(n, 4, () => random() - 0.5);
      const b = featuresFrom(m, 4, () => random() - 0.5);
      const result = await match(a, b);
      const best = bruteForce(a, b);
      expect(result.objective).toBeCloseTo(best.cost, 10);
      expect([...result.targetFeature]).toEqual(best.matching);
    }
  });

  it.each(shapes)('breaks ties lexicographically with %d source and %d target integer rows', async (n, m) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomNumbers(seed * 77 + n * 10 + m);
      // Few distinct integer values: duplicate rows, zero rows and many optimal matchings.
      const a = featuresFrom(n, 2, () => Math.floor(random() * 3) - 1);
      const b = featuresFrom(m, 2, () => Math.floor(random() * 3) - 1);
      const result = await match(a, b);
      const best = bruteForce(a, b);
      expect(result.objective).toBe(best.cost);
      expect([...result.targetFeature]).toEqual(best.matching);
    }
  });
});

describe('matchPair', () => {
  it('recovers a planted permutation of exact copies with objective 0', async () => {
    const random = randomNumbers(5);
    const a = featuresFrom(64, 16, () => random() - 0.5);
    const shuffle = Array.from({ length: 64 }, (_, i) => (i * 29 + 3) % 64);
    const b = featuresFrom(64, 16, (j, k) => a.parts[0]!.rows.blocks[0]![shuffle.indexOf(j) * 16 + k]!);
    const result = await match(a, b);
    expect([...result.targetFeature]).toEqual(shuffle);
    expect(result.objective).toBe(0);
    expect(result.counts).toEqual({ matched: 64, mutualNearest: 64, excludedSource: 0, excludedTarget: 0 });
  });

  it('matches identical features in index order', async () => {
    const same = featuresFrom(9, 3, () => 1);
    expect([...(await match(same, same)).targetFeature]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const zero = featuresFrom(6, 3, () => 0);
    expect([...(await match(zero, zero)).targetFeature]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('leaves excluded features unmatched on both sides and matches the rest', async () => {
    const random = randomNumbers(8);
    const a = featuresFrom(5, 3, () => random());
    const b = featuresFrom(5, 3, () => random());
    const excludedA = { ...a, excluded: Uint8Array.of(0, 1, 0, 0, 0) };
    const excludedB = { ...b, excluded: Uint8Array.of(1, 0, 0, 0, 1) };
    const result = await match(excludedA, excludedB);
    expect(result.targetFeature[1]).toBe(-1);
    expect([...result.sourceFeature].map((i) => i >= 0)).toEqual([false, true, true, true, false]);
    expect(result.counts).toMatchObject({ matched: 3, excludedSource: 1, excludedTarget: 2 });
    expect(result.cost[1]).toBeNaN();
    expect(result.certificate.sourceDual[1]).toBeNaN();
  });

  it.each([
    [30, 30],
    [20, 45],
    [45, 20],
  ])('carries a certificate that independent code accepts (%d x %d)', async (n, m) => {
    const random = randomNumbers(n * m);
    const source = featuresFrom(n, 8, () => random() - 0.5);
    const target = featuresFrom(m, 8, () => random() - 0.5);
    const result = await match(source, target);
    const { sourceDual, targetDual } = result.certificate;
    const { targetFeature, cost } = result;
    const claim = { source, target, targetFeature, cost, sourceDual, targetDual };
    const proof = await proveOptimality(claim);
    expect(proof.holds).toBe(true);
    expect(proof.objective).toBeCloseTo(result.objective, 12);
    expect(result.certificate.bound).toBeLessThanOrEqual(proof.objective + proof.tolerance);

    expect(proof.wrongCost).toBeNull();
    const dearer = cost.map((value, i) => (i === 3 ? value * (1 + 1e-6) : value));
    const unmatched = Number.isNaN(cost[3]!);
    expect((await proveOptimality({ ...claim, cost: dearer })).wrongCost).toBe(unmatched ? null : 3);

    const swapped = result.targetFeature.slice();
    [swapped[0], swapped[1]] = [swapped[1]!, swapped[0]!];
    expect((await proveOptimality({ ...claim, targetFeature: swapped })).holds).toBe(false);
    const raised = sourceDual.slice();
    raised[0] = raised[0]! + 0.01;
    expect((await proveOptimality({ ...claim, sourceDual: raised })).holds).toBe(false);
    const lowered = sourceDual.slice();
    lowered[0] = lowered[0]! - 0.01;
    expect((await proveOptimality({ ...claim, sourceDual: lowered })).holds).toBe(false);
  });

  it('bounds from below, by the margin, what forbidding a match costs', async () => {
    const random = randomNumbers(77);
    const a = featuresFrom(6, 3, () => random());
    const b = featuresFrom(6, 3, () => random());
    const result = await match(a, b);
    for (let i = 0; i < 6; i++) {
      let forbidden = Infinity;
      for (const matching of injections(6, 6)) {
        if (matching[i] === result.targetFeature[i]) continue;
        forbidden = Math.min(
          forbidden,
          matching.reduce((sum, j, k) => sum + pairCost(a, b, k, j), 0)
        );
      }
      expect(result.certificate.margin[i]).toBeLessThanOrEqual(forbidden - result.objective + 1e-9);
      expect(result.certificate.targetMargin[result.targetFeature[i]!]).toBe(result.certificate.margin[i]);
    }
  });

  it('does not change when the source layer is moved by a rotation of both layers', async () => {
    const random = randomNumbers(21);
    const a = featuresFrom(40, 2, () => random() - 0.5);
    const b = featuresFrom(40, 2, () => random() - 0.5);
    const swapAxes = (f: Features): Features =>
      featuresFrom(f.count, 2, (i, k) => f.parts[0]!.rows.blocks[0]![i * 2 + (1 - k)]! * (k === 0 ? -1 : 1));
    expect((await match(swapAxes(a), swapAxes(b))).targetFeature).toEqual((await match(a, b)).targetFeature);
  });

  it('keeps a certificate for norms that differ by many orders of magnitude', async () => {
    const random = randomNumbers(4);
    const size = Array.from({ length: 40 }, () => Math.exp(6 * (random() - 0.5)));
    const source = featuresFrom(40, 6, (i) => size[i]! * (random() - 0.5));
    const target = featuresFrom(40, 6, (i) => 1e-3 * size[i]! * (random() - 0.5));
    for (const [a, b] of [
      [source, target],
      [source, source],
    ] as const) {
      const { targetFeature, cost, certificate } = await match(a, b);
      expect((await proveOptimality({ source: a, target: b, targetFeature, cost, ...certificate })).holds).toBe(true);
    }
  });

  it('refuses vectors of different length, layers without a feature, and too small a memory budget', async () => {
    const a = featuresFrom(3, 2, () => 1);
    await expect(
      match(
        a,
        featuresFrom(3, 4, () => 1)
      )
    ).rejects.toThrow(InputError);
    await expect(match(a, { ...a, excluded: Uint8Array.of(1, 1, 1) })).rejects.toThrow('no feature is left');
    await expect(matchPair(sideOf(a), sideOf(a), { availableMemory: 10 }, ports)).rejects.toThrow(MemoryBudgetError);
  });

  it('stops when the caller cancels', async () => {
    const a = featuresFrom(200, 4, (i, k) => Math.sin(i * 7 + k));
    const throwIfCancelled = (): void => {
      throw new CancelledError('the match');
    };
    await expect(matchPair(sideOf(a), sideOf(a), options, { ...ports, throwIfCancelled })).rejects.toThrow(
      CancelledError
    );
  });
});
