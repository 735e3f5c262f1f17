import { drawFeatures, randomDescribed } from '../../../../matching/evaluation/meaning/draw-pairs';

const SEED = '0123456789abcdef'.repeat(4);
const OTHER = 'fedcba9876543210'.repeat(4);

describe('drawing features', () => {
  it('draws so many of those that may be drawn, ascending, the same for the same seed', () => {
    const may = Array.from({ length: 100 }, (_, i) => i % 3 === 0);
    const drawn = drawFeatures(may, 10, SEED);
    expect(drawn).toHaveLength(10);
    expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
    expect(drawn.every((feature) => may[feature])).toBe(true);
    expect(drawFeatures(may, 10, SEED)).toEqual(drawn);
    expect(drawFeatures(may, 10, OTHER)).not.toEqual(drawn);
    expect(drawFeatures(may, 1000, SEED)).toHaveLength(34);
  });

  it('draws the same again where others may not be drawn any more', () => {
    const all = new Array<boolean>(50).fill(true);
    const drawn = drawFeatures(all, 10, SEED);
    const less = all.map((_, feature) => feature !== drawn[4]);
    const again = drawFeatures(less, 10, SEED);
    expect(again.filter((feature) => drawn.includes(feature))).toHaveLength(9);
  });

  it('draws every feature about equally often', () => {
    const counts = new Array<number>(20).fill(0);
    for (let n = 0; n < 2000; n++) {
      const seed = n.toString(16).padStart(8, '0').repeat(8);
      for (const feature of drawFeatures(new Array<boolean>(20).fill(true), 5, seed)) counts[feature]! += 1;
    }
    // 500 each are expected, with a standard deviation of 19.
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
  });
});

describe('targets at random', () => {
  it('are described ones, for the features that have a target otherwise', () => {
    const target = ['a', null, 'b', 'c', null];
    const random = randomDescribed(Int32Array.of(1, -1, 0, 3), target, SEED);
    expect(random[1]).toBe(-1);
    for (const feature of [0, 2, 3]) expect([0, 2, 3]).toContain(random[feature]);
    expect(randomDescribed(Int32Array.of(1, 0, 0, 3), target, SEED)[3]).toBe(random[3]);
    expect([...randomDescribed(Int32Array.of(0), [null], SEED)]).toEqual([-1]);
  });
});
