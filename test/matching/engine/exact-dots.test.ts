import fc from 'fast-check';
import { ExactDots } from '../../../matching/engine/exact-dots';
import type { FeaturePart, Features } from '../../../matching/features';
import { allocateRows, rowOf } from '../../../matching/row-matrix';

/** Numbers that are their own float32 rounding, with magnitudes far apart so that the order of a sum shows. */
const element = fc
  .tuple(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), fc.integer({ min: -30, max: 30 }))
  .map(([mantissa, exponent]) => Math.fround(mantissa * 2 ** exponent));

interface Shape {
  readonly sources: number;
  readonly targets: number;
  /** Per part: width, weight and the size limit of a block of either side. */
  readonly parts: readonly { width: number; weight: number; sourceBlock: number; targetBlock: number }[];
}

const shape: fc.Arbitrary<Shape> = fc.record({
  sources: fc.integer({ min: 1, max: 5 }),
  targets: fc.integer({ min: 1, max: 13 }),
  parts: fc.array(
    fc.record({
      width: fc.integer({ min: 1, max: 11 }),
      weight: fc.constantFrom(1, 0.5, 0.1, 3, 0),
      sourceBlock: fc.integer({ min: 4, max: 200 }),
      targetBlock: fc.integer({ min: 4, max: 200 }),
    }),
    { minLength: 1, maxLength: 3 }
  ),
});

const problem = shape.chain(({ sources, targets, parts }) =>
  fc.record({
    source: features(
      sources,
      parts.map(({ width, weight, sourceBlock }) => ({ width, weight, block: sourceBlock }))
    ),
    target: features(
      targets,
      parts.map(({ width, weight, targetBlock }) => ({ width, weight, block: targetBlock }))
    ),
  })
);

function features(
  count: number,
  parts: readonly { width: number; weight: number; block: number }[]
): fc.Arbitrary<Features> {
  const arbitraries = parts.map(({ width, weight, block }) =>
    fc.array(element, { minLength: count * width, maxLength: count * width }).map((values): FeaturePart => {
      const rows = allocateRows(Float32Array, count, width, block);
      for (let i = 0; i < count; i++) rowOf(rows, i).set(values.slice(i * width, (i + 1) * width));
      return { name: 'decoder', weight, rows };
    })
  );
  return fc.tuple(...arbitraries).map((built) => ({ count, parts: built, excluded: new Uint8Array(count) }));
}

/** The definition: parts in order; in a part one float64 sum over ascending elements, then times the weight. */
function definition(source: Features, target: Features, i: number, j: number): number {
  let similarity = 0;
  for (const [index, { weight, rows }] of source.parts.entries()) {
    const a = rowOf(rows, i);
    const b = rowOf(target.parts[index]!.rows, j);
    let sum = 0;
    for (const [k, value] of a.entries()) sum += value * b[k]!;
    similarity += weight * sum;
  }
  return similarity;
}

test('products are the float64 sums in the stated order, bit for bit, whatever the shape, blocks and weights', () => {
  fc.assert(
    fc.property(problem, fc.nat(), fc.array(fc.nat(), { maxLength: 20 }), ({ source, target }, row, columns) => {
      const i = row % source.count;
      const chosen = Int32Array.from(columns, (column) => column % target.count);
      const products = new ExactDots(source, target, 1).products(i, chosen, chosen.length);
      const expected = Float64Array.from(chosen, (j) => definition(source, target, i, j));
      expect(products.slice(0, chosen.length)).toEqual(expected);
    }),
    { numRuns: 300 }
  );
});

test('similarities are the products rounded once to the grid', () => {
  fc.assert(
    fc.property(problem, ({ source, target }) => {
      const columns = Int32Array.from({ length: target.count }, (_, j) => j);
      const step = 2 ** -20;
      const dots = new ExactDots(source, target, step);
      const expected = dots.products(0, columns, columns.length).slice(0, columns.length);
      const similarities = dots.similarities(0, columns, columns.length);
      expect([...similarities.slice(0, columns.length)]).toEqual(
        Array.from(expected, (value) => Math.round(value / step))
      );
    }),
    { numRuns: 50 }
  );
});
