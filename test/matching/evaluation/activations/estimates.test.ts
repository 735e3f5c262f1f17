import fc from 'fast-check';
import { intervalOf, resampleDocuments } from '../../../../matching/evaluation/activations/document-resamples';
import { PairEstimates } from '../../../../matching/evaluation/activations/estimates';
import { ActivationsBuilder } from '../../../../matching/evaluation/activations/feature-activations';
import type { FeatureActivations } from '../../../../matching/evaluation/activations/feature-activations';
import type { DecoderWeights } from '../../../../matching/evaluation/activations/decoding';
import { matchingScore, resampledScore } from '../../../../matching/evaluation/activations/matching-score';
import { QUANTILES } from '../../../../matching/evaluation/activations/quantile-estimates';
import { histogramOf } from '../../../../matching/evaluation/histogram';
import { randomNumbers } from '../../random-features';

const ELEMENTS = 4;

/** Two small layers with activations of the same tokens, some features never active. */
const problems = fc
  .record({
    sources: fc.integer({ min: 1, max: 9 }),
    targets: fc.integer({ min: 1, max: 9 }),
    tokens: fc.integer({ min: 2, max: 30 }),
    documents: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(),
  })
  .map(({ sources, targets, tokens, documents, seed }) => {
    const random = randomNumbers(seed);
    const states = () => ({
      tokens,
      elements: ELEMENTS,
      values: Float32Array.from({ length: tokens * ELEMENTS }, () => random() - 0.5),
    });
    return {
      tokens,
      documents: Int32Array.from({ length: tokens }, (_, t) => (t < documents ? t : Math.floor(random() * documents))),
      count: Math.min(tokens, documents),
      source: {
        weights: weights(sources, random),
        states: states(),
        activations: activations(sources, tokens, random),
      },
      target: {
        weights: weights(targets, random),
        states: states(),
        activations: activations(targets, tokens, random),
      },
      choice: Int32Array.from({ length: sources }, () => Math.floor(random() * (targets + 1)) - 1),
      mse: Float64Array.from({ length: sources }, () => Math.floor(random() * 4)),
    };
  });

function weights(features: number, random: () => number): DecoderWeights {
  return {
    rows: Array.from({ length: features }, () => Float64Array.from({ length: ELEMENTS }, () => random() - 0.5)),
    bias: Float64Array.from({ length: ELEMENTS }, random),
    divisor: Float64Array.from({ length: features }, () => Math.floor(random() * 3)),
  };
}

function activations(features: number, tokens: number, random: () => number): FeatureActivations {
  const builder = new ActivationsBuilder(tokens, features);
  for (let token = 0; token < tokens; token++) {
    for (let feature = 0; feature < features; feature++)
      if (random() < 0.3 && feature % 4 !== 3) builder.add(feature, 1 + Math.floor(random() * 3));
    builder.endToken();
  }
  return builder.build();
}

type Problem = typeof problems extends fc.Arbitrary<infer T> ? T : never;

function estimatesOf({ documents, source, target, choice, mse }: Problem): PairEstimates {
  const ranked = mse.map((value, i) => (choice[i]! < 0 ? NaN : value));
  const named = [{ name: 'chosen', choice }];
  const estimates = new PairEstimates({ source: source.weights, target: target.weights }, named, {
    choice,
    mse: ranked,
  });
  estimates.add({ documents, source, target }, () => undefined);
  estimates.coActivation.endStretch();
  return estimates;
}

/** Activation of a feature on a token. */
function dense({ starts, feature, activation }: FeatureActivations, token: number, of: number): number {
  for (let at = starts[token]!; at < starts[token + 1]!; at++) if (feature[at] === of) return activation[at]!;
  return 0;
}

/** 1 − Σ(x̂ − x)² / Σ(x − x̄)². */
function explained(x: ArrayLike<number>, estimate: (token: number) => Float64Array, tokens: number): number {
  const mean = Array.from({ length: ELEMENTS }, (_, k) => {
    let sum = 0;
    for (let t = 0; t < tokens; t++) sum += x[t * ELEMENTS + k]!;
    return sum / tokens;
  });
  let [error, all] = [0, 0];
  for (let t = 0; t < tokens; t++) {
    const guess = estimate(t);
    for (let k = 0; k < ELEMENTS; k++) {
      error += (guess[k]! - x[t * ELEMENTS + k]!) ** 2;
      all += (x[t * ELEMENTS + k]! - mean[k]!) ** 2;
    }
  }
  return 1 - error / all;
}

/** b + Σ of rows with weights. */
function decoded(bias: Float64Array, terms: readonly (readonly [ArrayLike<number>, number])[]): Float64Array {
  return bias.map((value, k) => terms.reduce((sum, [row, weight]) => sum + weight * row[k]!, value));
}

describe('encode, permute, decode', () => {
  it('is a scatter: activation i goes to decoder row p(i), in its own units where it is folded', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { source, target, choice, tokens } = problem;
        const { errors, moments } = estimatesOf(problem);
        for (const { estimate, decoding, error } of errors.filter((one) => one.estimate === 'chosen')) {
          const expected = explained(
            target.states.values,
            (token) =>
              decoded(
                target.weights.bias,
                Array.from(choice).flatMap((j, i) => {
                  if (j < 0) return [];
                  const factor = target.weights.divisor[j]! / source.weights.divisor[i]!;
                  const folded = factor > 0 && factor < Infinity ? factor : 0;
                  const carried = dense(source.activations, token, i) * (decoding === 'folded' ? folded : 1);
                  return [[target.weights.rows[j]!, carried] as const];
                })
              ),
            tokens
          );
          expect([estimate, error.explained(moments).pooled]).toEqual([estimate, expect.closeTo(expected, 9)]);
        }
      })
    );
  });

  it('moves the features of least MSE first, and leaves the others and the unmatched to their own decoder', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { source, target, choice, mse, tokens } = problem;
        const { quantileErrors, moments } = estimatesOf(problem);
        const matched = Array.from(choice.keys())
          .filter((i) => choice[i]! >= 0)
          .sort((a, b) => mse[a]! - mse[b]! || a - b);
        for (const { decoding, quantile, error } of quantileErrors.filter((one) => one.decoding === 'plain')) {
          const moved = new Set(matched.slice(0, Math.ceil(quantile * matched.length)));
          const expected = explained(
            target.states.values,
            (token) =>
              decoded(
                target.weights.bias,
                Array.from(choice.keys()).map((i) => [
                  moved.has(i) ? target.weights.rows[choice[i]!]! : source.weights.rows[i]!,
                  dense(source.activations, token, i),
                ])
              ),
            tokens
          );
          expect([decoding, quantile, error.explained(moments).pooled]).toEqual([
            ...[decoding, quantile],
            expect.closeTo(expected, 9),
          ]);
        }
        expect(new Set(quantileErrors.map(({ quantile }) => quantile))).toEqual(new Set(QUANTILES));
      })
    );
  });

  it('explains everything by a copy of equal hidden states, whatever the pooling', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const same = { ...problem, source: { ...problem.source, states: problem.target.states } };
        const { errors, moments, differenceNorms } = estimatesOf(same);
        const copy = errors.find(({ estimate }) => estimate === 'copy')!.error.explained(moments);
        expect(copy).toEqual({ pooled: 1, elements: 1, dimensions: 1 });
        expect(differenceNorms).toBe(0);
      })
    );
  });

  it('counts a constant offset as error where it is pooled, and not by dimensions', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const values = problem.target.states.values.map((value) => value + 1);
        const states = { ...problem.target.states, values };
        const { errors, moments } = estimatesOf({ ...problem, source: { ...problem.source, states } });
        const copy = errors.find(({ estimate }) => estimate === 'copy')!.error.explained(moments);
        expect(copy.pooled).toBeLessThan(1);
        expect(copy.dimensions).toBeCloseTo(1, 5);
      })
    );
  });
});

describe('matching scores', () => {
  it('are those that a count of all tokens gives', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { source, target, choice, tokens } = problem;
        const { coActivation } = estimatesOf(problem);
        const on = (of: FeatureActivations, feature: number): boolean[] =>
          Array.from({ length: tokens }, (_, token) => dense(of, token, feature) > 0);
        const pairs = Array.from(choice).flatMap((j, i) => {
          if (j < 0) return [];
          const [a, b] = [on(source.activations, i), on(target.activations, j)];
          const count = (flags: boolean[]): number => flags.filter(Boolean).length;
          return [{ n: count(a), m: count(b), both: count(a.map((active, token) => active && b[token]!)) }];
        });
        const mean = (values: number[]): number | null =>
          values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
        const live = pairs.filter(({ n }) => n > 0);
        const score = matchingScore(coActivation, 0);
        const close = (value: number | null): unknown => (value === null ? null : expect.closeTo(value, 12));
        expect(score).toEqual({
          features: live.length,
          score: close(mean(live.map(({ both, n }) => both / n))),
          micro: close(
            live.length === 0
              ? null
              : live.reduce((sum, { both }) => sum + both, 0) / live.reduce((sum, { n }) => sum + n, 0)
          ),
          reverse: close(mean(pairs.filter(({ m }) => m > 0).map(({ both, m }) => both / m))),
          jaccard: close(mean(live.map(({ n, m, both }) => both / (n + m - both)))),
          frequentFeatures: live.filter(({ n }) => n >= 10).length,
          frequentScore: close(mean(live.filter(({ n }) => n >= 10).map(({ n, both }) => both / n))),
        });
      })
    );
  });

  it('over every document once is the score itself, and over none there is none', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { coActivation } = estimatesOf(problem);
        const resampled = resampledScore(coActivation, 0, problem.count);
        const once = resampled(new Uint16Array(problem.count).fill(1));
        const { score, frequentScore } = matchingScore(coActivation, 0);
        const close = (value: number | null): unknown => (value === null ? null : expect.closeTo(value, 12));
        expect(once).toEqual(close(score));
        const frequent = resampledScore(coActivation, 0, problem.count, 'frequent');
        expect(frequent(new Uint16Array(problem.count).fill(1))).toEqual(close(frequentScore));
        expect(resampled(new Uint16Array(problem.count))).toBeNull();
      })
    );
  });
});

describe('samples of documents', () => {
  it('have as many draws as there are documents, and are the same every time', () => {
    const counts = resampleDocuments(7, 50);
    expect(counts).toEqual(resampleDocuments(7, 50));
    for (let sample = 0; sample < 50; sample++)
      expect(counts.subarray(7 * sample, 7 * sample + 7).reduce((sum, times) => sum + times, 0)).toBe(7);
  });

  it('give an interval that holds the mean of known documents about as often as it should', () => {
    const random = randomNumbers(11);
    const [trials, documents] = [200, 40];
    const counts = resampleDocuments(documents, 400);
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: documents }, random);
      const { low, high } = intervalOf(
        counts,
        documents,
        (drawn) => values.reduce((sum, value, d) => sum + drawn[d]! * value, 0) / documents
      );
      if (low! <= 0.5 && high! >= 0.5) held += 1;
    }
    // 95 % intervals of means of 40 values: below 170 or above 199 of 200 is rarer than one in a million.
    expect(held).toBeGreaterThan(170);
    expect(held).toBeLessThan(200);
  });

  it('give no interval of one document', () => {
    expect(intervalOf(resampleDocuments(1, 9), 1, () => 3)).toEqual({ low: null, high: null });
  });
});

describe('histograms', () => {
  it('count every value once, within the ends of its bar', () => {
    const sample = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 1e3, noNaN: true })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 3 }), (samples) => {
        const histogram = histogramOf(samples.map((values) => Float64Array.from(values)));
        if (histogram === null) {
          expect(samples.flat()).toEqual([]);
          return;
        }
        const { edges, counts } = histogram;
        samples.forEach((values, index) => {
          const expected = Array.from(counts[index]!, (_, bar) => {
            const isLast = bar === counts[index]!.length - 1;
            return values.filter((value) => value >= edges[bar]! && (isLast || value < edges[bar + 1]!)).length;
          });
          expect(Array.from(counts[index]!)).toEqual(expected);
          expect(expected.reduce((sum, count) => sum + count, 0)).toBe(values.length);
        });
      })
    );
  });
});
