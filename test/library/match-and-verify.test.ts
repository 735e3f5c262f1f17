import fc from 'fast-check';
import { buildChains, compose, createSae, fold, matchPair, verify } from '../../library';
import type { FoldedSae, SaeArrays } from '../../library';
import { CancelledError, InputError, MemoryBudgetError, UsageError } from '../../matching/errors';
import { randomNumbers } from '../matching/random-features';

const WIDTH = 3;

function arraysOf(features: number, seed: number, change: Partial<SaeArrays> = {}): SaeArrays {
  const random = randomNumbers(seed);
  const numbers = (length: number): Float64Array => Float64Array.from({ length }, () => random() - 0.5);
  return {
    encoder: numbers(features * WIDTH),
    encoderBias: numbers(features),
    decoder: numbers(features * WIDTH),
    threshold: numbers(features).map((value) => value + 0.75),
    ...change,
  };
}

const foldedOf = (features: number, seed: number, change: Partial<SaeArrays> = {}): FoldedSae =>
  fold(createSae(arraysOf(features, seed, change)));

/** The cheapest one-to-one assignment of decoder rows by trying all; either side may have fewer features. */
function cheapest(a: readonly number[][], b: readonly number[][], used: readonly number[] = []): number {
  if (a.length > b.length) return cheapest(b, a);
  const [row, ...rest] = a.slice(used.length);
  if (row === undefined) return 0;
  const options = b.flatMap((other, j) => {
    if (used.includes(j)) return [];
    const cost = row.reduce((sum, x, k) => sum + (x - other[k]!) ** 2, 0);
    return [cost + (rest.length === 0 ? 0 : cheapest(a, b, [...used, j]))];
  });
  return Math.min(...options);
}

/** Decoder rows times their thresholds, rounded as folding does. */
function foldedRows({ decoder, threshold, encoderBias }: SaeArrays): number[][] {
  return Array.from(encoderBias, (_, i) =>
    Array.from({ length: WIDTH }, (_, k) => Math.fround(decoder[i * WIDTH + k]! * threshold![i]!))
  );
}

describe('matchPair', () => {
  it('finds the cheapest of all one-to-one assignments, also of different numbers of features, and verify proves it', async () => {
    const cases = fc.record({ a: fc.integer({ min: 1, max: 5 }), b: fc.integer({ min: 1, max: 5 }), seed: fc.nat() });
    await fc.assert(
      fc.asyncProperty(cases, async ({ a, b, seed }) => {
        const [x, y] = [arraysOf(a, seed), arraysOf(b, seed + 1)];
        const sides = [fold(createSae(x)), fold(createSae(y))] as const;
        const matching = await matchPair(...sides);
        const best = cheapest(foldedRows(x), foldedRows(y));
        expect(Math.abs(matching.objective - best)).toBeLessThanOrEqual(1e-9 * best + 1e-12);
        expect(matching.targetFeature.filter((j) => j >= 0)).toHaveLength(Math.min(a, b));
        matching.targetFeature.forEach((j, i) => {
          if (j >= 0) expect(matching.sourceFeature[j]).toBe(i);
        });
        expect(await verify(...sides, matching)).toMatchObject({ ok: true, faults: [] });
      }),
      { numRuns: 25 }
    );
  });

  it('matches stored weights where they are not folded, and reports on the folded ones', async () => {
    const [x, y] = [arraysOf(4, 1), arraysOf(4, 2)];
    const [a, b] = [x, y].map((arrays) => fold(createSae(arrays), { fold: false })) as [FoldedSae, FoldedSae];
    const matching = await matchPair(a, b);
    const one = new Float64Array(4).fill(1);
    const best = cheapest(foldedRows({ ...x, threshold: one }), foldedRows({ ...y, threshold: one }));
    expect(matching.objective).toBeCloseTo(best, 9);
    expect(matching.figures.folded_mse_decoder).toBeGreaterThan(0);
    expect(await verify(a, b, matching)).toMatchObject({ ok: true });
  });

  it('leaves features without a good partner unmatched, by the same options as the command', async () => {
    const [a, b] = [foldedOf(8, 1), foldedOf(6, 2)];
    const options = {
      weights: 'all',
      metric: 'cosine',
      partWeights: { bias: 0, encoder: 0.5 },
      unmatched: 0.5,
    } as const;
    const matching = await matchPair(a, b, options);
    const written = { weights: 'decoder+encoder', metric: 'cosine', part_weights: { encoder: 0.5 }, unmatched: 0.5 };
    expect(matching.options).toEqual({ ...written, fold: true, degenerate: 'exclude' });
    expect(matching.figures.matched).toBeLessThan(6);
    expect(await verify(a, b, matching)).toMatchObject({ ok: true });
  });

  it('leaves out features that cannot be folded, on both sides', async () => {
    const threshold = Float64Array.of(1, 0, 1, 1);
    const [a, b] = [foldedOf(4, 1, { threshold }), foldedOf(4, 2)];
    const matching = await matchPair(a, b);
    expect(matching.targetFeature[1]).toBe(-1);
    expect(matching.figures).toMatchObject({ excluded_source: 1, excluded_target: 0, matched: 3 });
    expect(buildChains([matching]).some(({ steps }) => steps[0]!.layer === 0 && steps[0]!.feature === 1)).toBe(false);
  });

  it('reports progress, and stops when its signal is aborted', async () => {
    const phases = new Set<string>();
    const [a, b] = [foldedOf(5, 1), foldedOf(5, 2)];
    await matchPair(a, b, { onProgress: ({ phase }) => phases.add(phase) });
    expect(phases).toContain('certificate');
    await expect(matchPair(a, b, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });

  it('says what is wrong with what it is given', async () => {
    const [a, b] = [foldedOf(4, 1), foldedOf(4, 2)];
    const wide = fold(createSae({ ...arraysOf(4, 3), decoder: new Float32Array(20).fill(1), name: 'wide' }));
    await expect(matchPair(a, wide)).rejects.toThrow(/arrays and wide: decoder rows: .* \(found 3 and 5 elements/);
    await expect(matchPair(a, foldedOf(4, 1, { hook: 'blocks.0.hook_mlp_out' }))).resolves.toBeDefined();
    const [mlp, residual] = ['blocks.0.hook_mlp_out', 'blocks.0.hook_resid_post'].map((hook) =>
      foldedOf(4, 1, { hook })
    );
    await expect(matchPair(mlp!, residual!)).rejects.toThrow(InputError);
    await expect(matchPair(mlp!, residual!, { allowHookMismatch: true })).resolves.toBeDefined();
    await expect(matchPair(a, fold(createSae(arraysOf(4, 2)), { fold: false }))).rejects.toThrow(/different ways/);
    await expect(matchPair(a, b, { unmatched: 7 })).rejects.toThrow(UsageError);
    await expect(matchPair(a, b, { weights: 'decoders' as never })).rejects.toThrow(UsageError);
    await expect(matchPair(a, b, { memoryBudget: 'much' })).rejects.toThrow(UsageError);
    await expect(matchPair(a, b, { memoryBudget: 1 })).rejects.toThrow(MemoryBudgetError);
  });
});

describe('verify', () => {
  it('finds every kind of tampering, all at once', async () => {
    const [a, b] = [foldedOf(6, 1), foldedOf(6, 2)];
    const matching = await matchPair(a, b);
    const { certificate } = matching;
    const raised = { ...certificate, sourceDual: certificate.sourceDual.map((dual) => dual + 0.01) };
    const claims = [
      { ...matching, targetFeature: matching.targetFeature.map((_, i, all) => all[(i + 1) % 6]!) },
      { ...matching, certificate: raised },
      { ...matching, cost: matching.cost.map((cost) => cost * 1.01) },
      { ...matching, objective: matching.objective * 0.99 },
    ];
    for (const claim of claims) expect(await verify(a, b, claim)).toMatchObject({ ok: false });
    const both = await verify(a, b, { ...claims[0]!, certificate: raised });
    expect(both.faults.length).toBeGreaterThan(1);
  });

  it('does not take a matching for one of other SAEs', async () => {
    const [a, b] = [foldedOf(6, 1), foldedOf(6, 2)];
    const matching = await matchPair(a, b);
    expect(await verify(a, foldedOf(6, 3), matching)).toMatchObject({ ok: false });
    const fewer = await verify(a, foldedOf(5, 2), matching);
    expect(fewer).toMatchObject({ ok: false, objective: null, gap: null });
    expect(fewer.faults.join()).toContain('does not fit SAEs of 6 and 5 features');
    await expect(verify(fold(createSae(arraysOf(6, 1)), { fold: false }), b, matching)).rejects.toThrow(UsageError);
  });
});

describe('buildChains', () => {
  it('follows each feature as composed matchings do', async () => {
    const layers = [5, 7, 6].map((features, seed) => foldedOf(features, seed));
    const ab = await matchPair(layers[0]!, layers[1]!);
    const bc = await matchPair(layers[1]!, layers[2]!);
    const chains = buildChains([ab, bc]);
    const end = (feature: number): number => {
      const chain = chains.find(({ steps }) => steps[0]!.layer === 0 && steps[0]!.feature === feature)!;
      return chain.steps.find(({ layer }) => layer === 2)?.feature ?? -1;
    };
    const composed = compose(ab.targetFeature, bc.targetFeature);
    expect(Array.from(composed.keys(), end)).toEqual([...composed]);
    expect(chains.flatMap(({ steps }) => steps)).toHaveLength(5 + 7 + 6);
    expect(buildChains([])).toEqual([]);
  });

  it('refuses matchings that do not follow each other', async () => {
    const [a, b] = [foldedOf(4, 1), foldedOf(5, 2)];
    const matching = await matchPair(a, b);
    expect(() => buildChains([matching, matching])).toThrow(InputError);
  });
});

describe('createSae', () => {
  it.each<[string, Partial<SaeArrays>, RegExp]>([
    ['a matrix that has no row for each feature', { decoder: new Float32Array(13) }, /arrays: decoder: .*13 elements/],
    ['a vector of another length', { threshold: new Float32Array(3) }, /arrays: threshold: .*3 elements, expected 4/],
    ['a number that is none', { encoderBias: Float64Array.of(0, NaN, 0, 0) }, /encoderBias: .*NaN at element 1/],
    ['a weight that is none', { encoder: new Float32Array(12).fill(NaN) }, /arrays: encoder: .*NaN at element 0/],
    ['two scales', { scale: new Float32Array(4).fill(1) }, /threshold and scale/],
  ])('refuses %s', (_, change, message) => {
    expect(() => createSae(arraysOf(4, 1, change))).toThrow(InputError);
    expect(() => createSae(arraysOf(4, 1, change))).toThrow(message);
  });

  it('folds by thresholds, by a given scale, else by decoder norms', () => {
    const decoder = Float64Array.of(3, 4, 0);
    const one = { encoder: Float64Array.of(1, 0, 0), encoderBias: Float64Array.of(0), decoder };
    const folded = (change: Partial<SaeArrays>): number[] => [
      ...fold(createSae({ ...one, ...change })).decoder.blocks[0]!,
    ];
    expect(folded({ threshold: Float64Array.of(2) })).toEqual([6, 8, 0]);
    expect(folded({ scale: Float64Array.of(2) })).toEqual([6, 8, 0]);
    expect(folded({})).toEqual([3, 4, 0].map((value) => Math.fround(value / 5)));
  });
});
