import { allocateRows, rowOf } from '../../../matching/row-matrix';
import { placeElements } from '../../../sae/containers/place-elements';
import { FLOAT_BYTES } from '../../../sae/containers/tensor';
import type { FloatType } from '../../../sae/containers/tensor';
import { randomNumbers } from '../../matching/random-features';

const [FEATURES, WIDTH] = [150, 37];
const COUNT = FEATURES * WIDTH;
/** Whole numbers that every type has, and their bytes. */
const VALUES = Array.from({ length: COUNT }, (_, i) => i % 251);
const BYTES: Readonly<Record<FloatType, (values: readonly number[]) => Uint8Array>> = {
  float64: (values) => new Uint8Array(Float64Array.from(values).buffer),
  float32: (values) => new Uint8Array(Float32Array.from(values).buffer),
  bfloat16: (values) =>
    new Uint8Array(Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (word) => word >>> 16).buffer),
  float16: (values) => new Uint8Array(Uint16Array.from(values, halfOf).buffer),
};

/** The bits of a natural number below 2048, or of one that is not finite. */
function halfOf(value: number): number {
  if (value === 0) return 0;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 0x7e00 : value > 0 ? 0x7c00 : 0xfc00;
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024);
}

/** Runs of random length that cover the matrix, in random order, at any place of their buffer. */
function runs(type: FloatType, seed: number): [bytes: Uint8Array, at: number][] {
  const random = randomNumbers(seed);
  const result: { run: [Uint8Array, number]; order: number }[] = [];
  for (let at = 0; at < COUNT;) {
    const length = Math.min(COUNT - at, 1 + Math.floor(random() * 13 * FEATURES));
    const stored = BYTES[type](VALUES.slice(at, at + length));
    const shift = Math.floor(random() * 8);
    const bytes = new Uint8Array(stored.length + shift).subarray(shift);
    bytes.set(stored);
    result.push({ run: [bytes, at], order: random() });
    at += length;
  }
  return result.sort((a, b) => a.order - b.order).map(({ run }) => run);
}

describe.each(Object.keys(FLOAT_BYTES) as FloatType[])('runs of %s', (type) => {
  it.each([true, false])(
    'come to the same rows however they are cut, and in any order (transposed: %s)',
    (transposed) => {
      const arrayType: new (buffer: SharedArrayBuffer) => Float32Array | Float64Array =
        type === 'float64' ? Float64Array : Float32Array;
      for (let seed = 1; seed <= 5; seed++) {
        const matrix = allocateRows(arrayType, FEATURES, WIDTH, 9000);
        for (const run of runs(type, seed)) {
          expect(placeElements(...run, { type, bigEndian: false, transposed, matrix })).toBe(true);
        }
        const found = Array.from({ length: FEATURES }, (_, feature) => [...rowOf(matrix, feature)]);
        const expected = found.map((row, feature) =>
          row.map((_, k) => VALUES[transposed ? k * FEATURES + feature : feature * WIDTH + k])
        );
        expect(found).toEqual(expected);
      }
    }
  );

  it.each([true, false])(
    'that hold a value which is not finite are found wherever it is (transposed: %s)',
    (transposed) => {
      for (const at of [0, 1, 777, COUNT - 1]) {
        for (const bad of [NaN, Infinity, -Infinity]) {
          const matrix = allocateRows(Float64Array, FEATURES, WIDTH);
          const bytes = BYTES[type](VALUES.map((value, i) => (i === at ? bad : value)));
          expect(placeElements(bytes, 0, { type, bigEndian: false, transposed, matrix })).toBe(false);
        }
      }
    }
  );
});
