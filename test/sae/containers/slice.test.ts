import fc from 'fast-check';
import { sliceOf } from '../../../sae/containers/slice';
import type { StoredTensor } from '../../../sae/containers/tensor';
import { readVector } from '../../../sae/containers/read-tensor';

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** A tensor of the numbers 0, 1, 2, … in the order of its indices, read in chunks of `size` bytes. */
function counting(shape: readonly number[], columnMajor: boolean, size: number): StoredTensor {
  const values = new Float32Array(product(shape));
  for (const [place, index] of indicesOf(shape).entries()) values[positionOf(index, shape, columnMajor)] = place;
  const bytes = Buffer.from(values.buffer);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
  }
  return { file: 'f', name: 't', dtype: 'float32', shape, columnMajor, bigEndian: false, chunks };
}

/** All indices, the last running fastest. */
const indicesOf = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]]
  );

function positionOf(index: readonly number[], shape: readonly number[], columnMajor: boolean): number {
  const axes = [...shape.keys()];
  return (columnMajor ? axes.reverse() : axes).reduce((at, axis) => at * shape[axis]! + index[axis]!, 0);
}

it('is what lies at an index of an axis, in either order and however the bytes arrive', async () => {
  const tensor = fc.tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
    fc.boolean(),
    fc.integer({ min: 1, max: 40 }),
    fc.nat(),
    fc.nat()
  );
  await fc.assert(
    fc.asyncProperty(tensor, async ([shape, columnMajor, size, a, b]) => {
      const axis = a % shape.length;
      const index = b % shape[axis]!;
      const slice = sliceOf(counting(shape, columnMajor, size), index, axis);
      const rest = shape.filter((_, other) => other !== axis);
      expect(slice.shape).toEqual(rest);
      const stored = await readVector(slice, product(rest));
      const expected = indicesOf(shape).flatMap((at, place) => (at[axis] === index ? [place] : []));
      const found = indicesOf(rest).map((at) => stored[positionOf(at, rest, columnMajor)]);
      expect(found).toEqual(expected);
    })
  );
});

it('is refused where there is none', () => {
  expect(() => sliceOf(counting([2, 3], false, 8), 3)).toThrow(/t: the tensor has no such slice .*more than 3 of them/);
  expect(() => sliceOf(counting([4], false, 8), 0, 0)).toThrow('floats of two axes or more');
});
