import { DEFAULT_RATES } from '../../../activities/planning/default-rates';
import { pairWork } from '../../../activities/planning/pair-work';
import type { MatchPlace } from '../../../activities/planning/pair-work';
import { multiplyAddsOf, predictMatch, secondsOf } from '../../../activities/planning/predict-match';
import { createTileThreads } from '../../../activities/tiles/tile-threads';
import { memoryRange, storageWithin } from '../../../matching/engine/plan';
import { place as here } from '../small-run';

const size = { rows: 16_384, columns: 16_384, width: 2304 };
const place: MatchPlace = { ...here, cores: 2, slots: 1 };
const vectors = (size.rows + size.columns) * size.width * 4;

describe('the work of a pair', () => {
  it('is computed as the engine would within the same memory', () => {
    const device = createTileThreads({ device: 'cpu', threads: 2 }).devicesFor(size.rows, size.columns, size.width)[0]!;
    const { least, most } = memoryRange(size, device);
    for (const memory of [most, (least + most) / 2, least]) {
      const { storage, arithmetic } = pairWork(size, { ...place, memoryBudget: 256 * 2 ** 20 + vectors + memory });
      expect(storage).toBe(storageWithin(size, device, memory));
      expect(arithmetic).toBe('integer');
    }
  });

  it('fits from exactly the budget that it says it needs', () => {
    for (const slots of [1, 2, 4]) {
      const { needed } = pairWork(size, { ...place, slots });
      expect(pairWork(size, { ...place, slots, memoryBudget: needed }).storage).toBe('streamed');
      expect(pairWork(size, { ...place, slots, memoryBudget: needed - 1 }).storage).toBeNull();
    }
  });

  it('stays in plain JavaScript where it is small, whatever the device', () => {
    const small = { rows: 256, columns: 256, width: 64 };
    for (const device of ['cpu', 'cuda'] as const) {
      expect(pairWork(small, { ...place, device })).toMatchObject({ device: 'javascript', threads: 1 });
    }
  });
});

describe('the predicted time of a match', () => {
  const work = pairWork(size, place);

  it('is the time of its products where nothing else takes any', () => {
    const nothing = Object.fromEntries(Object.keys(DEFAULT_RATES.engine).map((key) => [key, 0]));
    const rates = {
      ...DEFAULT_RATES,
      engine: nothing as typeof DEFAULT_RATES.engine,
      devices: { javascript: { float32: 0, integer: null }, cpu: { float32: 1e-9, integer: 1e-11 } },
    };
    const once = (size.rows * size.columns * size.width * 1e-11) / 2;
    expect(secondsOf(work, rates, 9)).toBeCloseTo(once, 9);
    // Where nothing is kept every pass computes all tiles again.
    expect(secondsOf({ ...work, storage: 'streamed' }, rates, 9)).toBeCloseTo(9 * once, 9);
  });

  it('grows with each thing that there is more of, and shrinks with threads', () => {
    const expected = (change: Partial<typeof size>, threads = 2): number =>
      predictMatch({ ...pairWork({ ...size, ...change }, place), threads }, DEFAULT_RATES).expected;
    for (const more of [{ rows: 20_000 }, { columns: 20_000 }, { width: 3000 }]) {
      expect(expected(more)).toBeGreaterThan(expected({}));
    }
    expect(expected({}, 1)).toBeGreaterThan(expected({}, 2));
    expect(expected({}, 1)).toBeLessThan(2 * expected({}, 2));
  });

  it('says in a range what depends on the features, and multiply-adds only where passes decide them', () => {
    const { least, expected, most } = predictMatch(work, DEFAULT_RATES);
    expect(least).toBeLessThan(expected);
    expect(expected).toBeLessThan(most);
    const once = size.rows * size.columns * size.width;
    expect(multiplyAddsOf(work)).toEqual({ least: once, expected: once, most: once });
    const streamed = multiplyAddsOf({ ...work, storage: 'streamed' });
    expect(streamed.least).toBeGreaterThan(once);
    expect(streamed.most).toBeGreaterThan(streamed.least);
  });
});
