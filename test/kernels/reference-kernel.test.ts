import fc from 'fast-check';
import { createReferenceKernel } from '../../kernels/reference-kernel';
import type { FeaturePart, Features } from '../../matching/features';
import { allocateRows, rowOf } from '../../matching/row-matrix';

const kernel = createReferenceKernel();

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

test('similarities are the float64 sums in the stated order, bit for bit, whatever the shape, blocks and weights', () => {
  fc.assert(
    fc.property(problem, fc.nat(), fc.nat(), ({ source, target }, from, length) => {
      const first = from % source.count;
      const count = 1 + (length % (source.count - first));
      const out = new Float64Array(count * target.count).fill(NaN);
      kernel.similarities(source, target, first, count, out);
      const expected = Float64Array.from(out, (_, cell) =>
        definition(source, target, first + Math.floor(cell / target.count), cell % target.count)
      );
      expect(out).toEqual(expected);
    }),
    { numRuns: 300 }
  );
});

test('a larger output array is left alone beyond the rows asked for', () => {
  const [source, target] = fc.sample(features(3, [{ width: 2, weight: 1, block: 64 }]), 2) as [Features, Features];
  const out = new Float64Array(12).fill(7);
  kernel.similarities(source, target, 1, 2, out);
  expect(Array.from(out.slice(6))).toEqual([7, 7, 7, 7, 7, 7]);
});

test('the device is called javascript', () => {
  expect(kernel.device).toBe('javascript');
});
