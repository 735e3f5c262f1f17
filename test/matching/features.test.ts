import fc from 'fast-check';
import { featuresOf, pairCost, squaredNorms, vectorLength, WEIGHT_MODES } from '../../matching/features';
import type { Features, PartName } from '../../matching/features';
import type { FoldedLayer } from '../../matching/folding';
import { rowOf } from '../../matching/row-matrix';
import { layerFrom, randomNumbers } from './random-features';

const WEIGHTS = { decoder: 0.3, encoder: 2, bias: 0.1 };

/** A layer of 6 features whose rows differ in size; feature 4 is all zero. */
function layer(scale: (feature: number) => number = () => 1): FoldedLayer {
  const random = randomNumbers(3);
  const value = (i: number): number => (i === 4 ? 0 : Math.fround((random() - 0.5) * 10 ** (i - 2)) * scale(i));
  return layerFrom(6, { decoder: 5, encoder: 3 }, value);
}

const names = (features: Features): PartName[] => features.parts.map(({ name }) => name);
const elements = (features: Features): number[][] =>
  features.parts.map(({ rows }) => rows.blocks.flatMap((block) => [...block]));

describe('the parts of a feature vector', () => {
  it('are those of the mode, each with the weight given or 1', () => {
    const { parts } = featuresOf(layer(), 'all', { part_weights: { encoder: 0.5 } });
    expect(parts.map(({ name, weight }) => [name, weight])).toEqual([
      ['decoder', 1],
      ['encoder', 0.5],
      ['bias', 1],
    ]);
  });

  it('leave out those of weight 0: the vector is as long as if the mode had not had them', () => {
    const features = featuresOf(layer(), 'all', { part_weights: { encoder: 0 } });
    expect([names(features), vectorLength(features)]).toEqual([['decoder', 'bias'], 6]);
    const withoutBias = featuresOf(layer(), 'all', { part_weights: { bias: 0 } });
    expect(withoutBias).toEqual(featuresOf(layer(), 'decoder+encoder'));
  });

  it('multiply the squared distances by their weights', () => {
    const a = featuresOf(layer(), 'all', { part_weights: WEIGHTS });
    const part = (name: 'decoder' | 'encoder' | 'bias', i: number, j: number): number => {
      const only = { decoder: 0, encoder: 0, bias: 0, [name]: 1 };
      const features = featuresOf(layer(), 'all', { part_weights: only });
      return pairCost(features, features, i, j);
    };
    for (const [i, j] of [
      [0, 1],
      [3, 5],
      [4, 2],
    ] as const) {
      const expected = 0.3 * part('decoder', i, j) + 2 * part('encoder', i, j) + 0.1 * part('bias', i, j);
      expect(pairCost(a, a, i, j)).toBe(expected);
    }
  });
});

describe('with the metric cosine, the vectors', () => {
  it.each(WEIGHT_MODES)('of %s are divided by their weighted norm in float64 and rounded once', (mode) => {
    const options = { part_weights: WEIGHTS };
    const plain = featuresOf(layer(), mode, options);
    const unit = featuresOf(layer(), mode, { ...options, metric: 'cosine' });
    for (let i = 0; i < 6; i++) {
      let squared = 0;
      for (const { rows, weight } of plain.parts) {
        squared += weight * rowOf(rows, i).reduce((sum, x) => sum + x * x, 0);
      }
      const norm = Math.sqrt(squared);
      for (const [p, { rows, weight }] of plain.parts.entries()) {
        expect(unit.parts[p]!.weight).toBe(weight);
        const expected = Array.from(rowOf(rows, i), (x) => (norm === 0 ? 0 : Math.fround(x / norm)));
        expect([...rowOf(unit.parts[p]!.rows, i)]).toEqual(expected);
      }
    }
  });

  it('have norm 1 but for zero vectors, which stay zero and are not excluded', () => {
    const unit = featuresOf(layer(), 'all', { metric: 'cosine', part_weights: WEIGHTS });
    const norms = squaredNorms(unit);
    expect(norms[4]).toBe(0);
    expect(unit.excluded[4]).toBe(0);
    for (const i of [0, 1, 2, 3, 5]) expect(norms[i]).toBeCloseTo(1, 6);
  });

  it('cost twice 1 less the cosine of the weighted concatenation, and 1 beside a zero vector', () => {
    const plain = featuresOf(layer(), 'all', { part_weights: WEIGHTS });
    const unit = featuresOf(layer(), 'all', { metric: 'cosine', part_weights: WEIGHTS });
    const vector = (i: number): number[] =>
      plain.parts.flatMap(({ rows, weight }) => Array.from(rowOf(rows, i), (x) => Math.sqrt(weight) * x));
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
    for (const i of [0, 1, 2, 3, 5]) {
      for (const j of [0, 1, 2, 3, 5]) {
        const [a, b] = [vector(i), vector(j)];
        const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
        expect(pairCost(unit, unit, i, j)).toBeCloseTo(2 - 2 * cosine, 6);
      }
      expect(pairCost(unit, unit, i, 4)).toBeCloseTo(1, 6);
    }
  });

  it('are the same when features are rescaled by powers of two', () => {
    const exponents = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(exponents, (scales) => {
        const scaled = layer((i) => 2 ** scales[i]!);
        const options = { metric: 'cosine', part_weights: WEIGHTS } as const;
        expect(elements(featuresOf(scaled, 'all', options))).toEqual(elements(featuresOf(layer(), 'all', options)));
      }),
      { numRuns: 30 }
    );
  });

  it('leave the rows they are made from alone', () => {
    const before = layer();
    featuresOf(before, 'all', { metric: 'cosine', part_weights: WEIGHTS });
    expect(before).toEqual(layer());
  });
});
