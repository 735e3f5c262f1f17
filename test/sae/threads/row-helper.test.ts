import { allocateRows, rowOf } from '../../../matching/row-matrix';
import type { FloatArray, RowMatrix } from '../../../matching/row-matrix';
import { scaleRows } from '../../../matching/scale-rows';
import type { Placement } from '../../../sae/containers/place-elements';
import { openPlacer } from '../../../sae/threads/placer';
import { RowHelper, rowHelpers } from '../../../sae/threads/row-helper';
import { scaleWith } from '../../../sae/threads/scale-together';
import { randomNumbers } from '../../matching/random-features';

const [FEATURES, WIDTH] = [700, 90];
const COUNT = FEATURES * WIDTH;
const helpers = [0, 1].map(() => new RowHelper(() => undefined));

const random = randomNumbers(5);
const stored = Float32Array.from({ length: COUNT }, () => random() - 0.5);

/** Every run of elements as a file would give it, some as a part of a larger buffer. */
function* runs(values: Float32Array, each: number): Generator<[bytes: Uint8Array, at: number]> {
  for (let at = 0; at < values.length; at += each) {
    const copy = values.slice(Math.max(0, at - 1), at + each);
    yield [new Uint8Array(copy.buffer, at === 0 ? 0 : 4), at];
  }
}

async function placed(transposed: boolean, values: Float32Array, by: readonly RowHelper[]) {
  const matrix: RowMatrix<FloatArray> = allocateRows(Float32Array, FEATURES, WIDTH, 64_000);
  const placement: Placement = { type: 'float32', bigEndian: false, transposed, matrix };
  const placer = openPlacer(placement, by);
  for (const run of runs(values, 1234)) placer.place(...run);
  return { isFinite: await placer.finish(), matrix };
}

describe('rows that helpers fill', () => {
  it.each([true, false])('are those that one thread fills (transposed: %s)', async (transposed) => {
    const alone = await placed(transposed, stored, []);
    const together = await placed(transposed, stored, helpers);
    expect(together).toEqual(alone);
    const at = transposed ? 33 * FEATURES + 456 : 456 * WIDTH + 33;
    expect(rowOf(together.matrix, 456)[33]).toBe(stored[at]);
  });

  it('are known not to be finite, whoever comes upon it', async () => {
    for (const at of [0, 1300, COUNT - 1]) {
      const values = stored.slice();
      values[at] = NaN;
      expect((await placed(true, values, helpers)).isFinite).toBe(false);
      expect((await placed(false, values, [])).isFinite).toBe(false);
    }
  });
});

describe('rows that helpers scale', () => {
  const scale = Float64Array.from({ length: FEATURES }, (_, i) => (i % 50 === 7 ? 0 : random() + 0.1));
  const rows = (): RowMatrix => {
    const matrix = allocateRows(Float32Array, FEATURES, WIDTH, 64_000);
    matrix.blocks.forEach((block, index) => {
      const first = index * matrix.rowsPerBlock * WIDTH;
      block.set(stored.subarray(first, first + block.length));
    });
    return matrix;
  };

  it.each(['multiply', 'divide'] as const)('have the bits of one thread, in place and not (%s)', async (scaling) => {
    for (const reuse of [true, false]) {
      const alone = scaleRows(rows(), scale, scaling, { reuse });
      expect(await scaleWith(helpers, rows(), scale, scaling, { reuse })).toEqual(alone);
    }
  });

  it('name the first row that overflows, whoever comes upon it', async () => {
    const tiny = scale.map((value, i) => (i === 333 || i === 600 ? 1e-300 : value));
    const found: number[] = [];
    const onOverflow = (row: number): void => void found.push(row);
    await scaleWith(helpers, rows(), tiny, 'divide', { onOverflow });
    scaleRows(rows(), tiny, 'divide', { onOverflow });
    expect(found).toEqual([333, 333]);
  });
});

describe('helpers', () => {
  it('are not started for few elements', () => {
    expect(rowHelpers(1 << 20)).toEqual([]);
  });

  it('pass on what goes wrong in them', async () => {
    let ended = false;
    const helper = new RowHelper(() => (ended = true));
    const matrix = allocateRows(Float32Array, 1, 1);
    const placement: Placement = { type: 'float32', bigEndian: false, transposed: false, matrix };
    const outside = helper.ask({ kind: 'place', bytes: new Uint8Array(4), at: 5, placement });
    await expect(outside).rejects.toThrow();
    expect(ended).toBe(true);
    expect(helper.isFree).toBe(false);
  });

  it('end when they are asked nothing, and are then not waited for', async () => {
    const matrix = allocateRows(Float32Array, 1, 1);
    const placement: Placement = { type: 'float32', bigEndian: false, transposed: false, matrix };
    const bytes = (value: number): Uint8Array => new Uint8Array(Float32Array.of(value).buffer);
    const helper = await new Promise<RowHelper>((ended) => {
      const started: RowHelper = new RowHelper(() => {
        ended(started);
      }, 1);
      openPlacer(placement, [started]).place(bytes(5), 0);
    });
    expect(matrix.blocks[0]![0]).toBe(5);
    const placer = openPlacer(placement, [helper]);
    placer.place(bytes(7), 0);
    expect(await placer.finish()).toBe(true);
    expect(matrix.blocks[0]![0]).toBe(7);
  });
});
