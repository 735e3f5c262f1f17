import fc from 'fast-check';
import { InputError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';
import { readBytes, readRows, readVector } from '../../../sae/containers/read-tensor';
import type { StoredTensor } from '../../../sae/containers/tensor';

function tensorOf(
  values: Float32Array | Float64Array,
  shape: number[],
  options: Partial<StoredTensor> = {},
  cut = 1e9
) {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const dtype = values instanceof Float64Array ? 'float64' : 'float32';
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let start = 0; start < bytes.length; start += cut) {
      yield await Promise.resolve(Buffer.from(bytes.subarray(start, start + cut)));
    }
  }
  return { file: 'x', name: 'W', dtype, shape, columnMajor: false, bigEndian: false, chunks, ...options };
}

describe('readRows', () => {
  it('gives feature rows for both orientations and both orders, whatever the chunks and blocks', async () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));
    const axis = fc.constantFrom('rows' as const, 'columns' as const);
    await fc.assert(
      fc.asyncProperty(
        shape,
        axis,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 997 }),
        fc.integer({ min: 1, max: 4000 }),
        async ([rows, columns], featureAxis, columnMajor, wide, cut, blockBytes) => {
          const stored = wide ? new Float64Array(rows * columns) : new Float32Array(rows * columns);
          stored.forEach((_, i) => (stored[i] = i + 1));
          const matrix = await readRows(
            tensorOf(stored, [rows, columns], { columnMajor }, cut),
            featureAxis,
            blockBytes
          );
          const [features, width] = featureAxis === 'rows' ? [rows, columns] : [columns, rows];
          expect([matrix.rows, matrix.columns]).toEqual([features, width]);
          const found = Array.from({ length: features }, (_, f) => Array.from(rowOf(matrix, f)));
          const expected = found.map((row, f) =>
            row.map((_, k) => {
              const [r, c] = featureAxis === 'rows' ? [f, k] : [k, f];
              return stored[columnMajor ? c * rows + r : r * columns + c];
            })
          );
          expect(found).toEqual(expected);
        }
      )
    );
  });

  it('transposes a matrix that is larger than one panel', async () => {
    const [width, features] = [20, 300_000];
    const stored = Float32Array.from({ length: width * features }, (_, i) => i);
    const matrix = await readRows(tensorOf(stored, [width, features], {}, 1 << 20), 'columns', 5_000_000);
    const wrong = Array.from({ length: features }, (_, f) => f).filter((f) =>
      rowOf(matrix, f).some((value, k) => value !== Math.fround(k * features + f))
    );
    expect(matrix.blocks.length).toBeGreaterThan(1);
    expect(wrong).toEqual([]);
  });

  it('names the feature and the element of the first value that is not finite', async () => {
    const stored = new Float32Array(6 * 4);
    stored[2 * 4 + 3] = NaN;
    await expect(readRows(tensorOf(stored, [6, 4]), 'rows')).rejects.toThrow('NaN at feature 2, element 3');
    await expect(readRows(tensorOf(stored, [6, 4]), 'columns')).rejects.toThrow('NaN at feature 3, element 2');
    stored[2 * 4 + 3] = -Infinity;
    await expect(readRows(tensorOf(stored, [6, 4]), 'rows', 32)).rejects.toThrow('-Infinity at feature 2, element 3');
  });

  it.each([
    ['too few', 11],
    ['too many', 13],
  ])('refuses %s elements', async (_, count) => {
    const tensor = tensorOf(new Float32Array(count), [3, 4]);
    await expect(readRows(tensor, 'rows')).rejects.toThrow(InputError);
    await expect(readRows(tensor, 'columns')).rejects.toThrow(InputError);
    await expect(readVector({ ...tensor, shape: [12] }, 12)).rejects.toThrow(InputError);
  });

  it('refuses a type that is not a float, and anything but a matrix', async () => {
    await expect(readRows(tensorOf(new Float32Array(4), [2, 2], { dtype: 'int64' }), 'rows')).rejects.toThrow(/int64/);
    await expect(readRows(tensorOf(new Float32Array(4), [4]), 'rows')).rejects.toThrow(/a matrix/);
  });
});

describe('readVector and readBytes', () => {
  it('names the index of a value that is not finite', async () => {
    await expect(readVector(tensorOf(Float32Array.of(1, 2, Infinity), [3]), 3)).rejects.toThrow('Infinity at index 2');
  });

  it('accepts a vector stored with extra dimensions of one', async () => {
    expect(await readVector(tensorOf(Float32Array.of(1, 2), [1, 2]), 2)).toEqual(Float64Array.of(1, 2));
  });

  it('reads bytes only of the stated type and length', async () => {
    const tensor = { ...tensorOf(Float32Array.of(0), [4]), dtype: 'uint8' };
    expect(await readBytes(tensor, 4)).toEqual(new Uint8Array(4));
    await expect(readBytes(tensor, 5)).rejects.toThrow(InputError);
    await expect(readBytes({ ...tensor, dtype: 'int64' }, 4)).rejects.toThrow(InputError);
  });
});
