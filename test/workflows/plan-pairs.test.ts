import fc from 'fast-check';
import { UsageError } from '../../matching/errors';
import { layersOfPairs, parsePairs, planPairs } from '../../workflows/plan-pairs';

const layerSets = fc
  .uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 12 })
  .map((all) => all.sort((a, b) => a - b));

describe('the pairs of a run', () => {
  it('that are adjacent lead from each selected layer to the next one selected', () => {
    expect(planPairs([0, 2, 3, 7], 'adjacent')).toEqual([
      [0, 2],
      [2, 3],
      [3, 7],
    ]);
    fc.assert(
      fc.property(layerSets, (layers) => {
        const pairs = planPairs(layers, 'adjacent');
        expect(pairs.map(([source]) => source)).toEqual(layers.slice(0, -1));
        expect(pairs.map(([, target]) => target)).toEqual(layers.slice(1));
      })
    );
  });

  it('that are all are every pair once, from the lower to the higher layer', () => {
    fc.assert(
      fc.property(layerSets, (layers) => {
        const pairs = planPairs(layers, 'all');
        expect(pairs).toHaveLength((layers.length * (layers.length - 1)) / 2);
        expect(new Set(pairs.map(String)).size).toBe(pairs.length);
        expect(pairs.every(([i, j]) => i < j && layers.includes(i) && layers.includes(j))).toBe(true);
      })
    );
  });

  it('that are listed are exactly these, in their order, backwards too', () => {
    expect(planPairs([0, 1, 3, 5], parsePairs('5:3, 0:1,1:0'))).toEqual([
      [5, 3],
      [0, 1],
      [1, 0],
    ]);
  });

  it('must be of selected layers', () => {
    const plan = (): unknown =>
      planPairs(
        [0, 1, 2],
        [
          [1, 2],
          [2, 4],
        ]
      );
    expect(plan).toThrow(UsageError);
    expect(plan).toThrow(
      '--pairs: a pair names a layer that is not part of the run (found 2:4, expected layers 0, 1, 2)'
    );
  });

  it('are none for one layer', () => {
    expect([planPairs([3], 'adjacent'), planPairs([3], 'all')]).toEqual([[], []]);
  });
});

describe('--pairs', () => {
  it('reads back every list of pairs that it is given', () => {
    const pair = fc
      .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 9999 }))
      .filter(([a, b]) => a !== b);
    fc.assert(
      fc.property(fc.uniqueArray(pair, { minLength: 1, maxLength: 8, selector: String }), (pairs) => {
        expect(parsePairs(pairs.map(([a, b]) => `${a}:${b}`).join(','))).toEqual(pairs);
      })
    );
    expect([parsePairs('adjacent'), parsePairs('all')]).toEqual(['adjacent', 'all']);
  });

  it.each([
    ['', 'found ""'],
    ['0:1,', 'found ""'],
    ['0-1', 'found "0-1"'],
    ['0:1:2', 'found "0:1:2"'],
    ['-1:0', 'found "-1:0"'],
    ['0:12345', 'found "0:12345"'],
    ['All', 'found "All"'],
    ['0:1,2:3,0:1', 'found the pair 0:1 twice'],
    ['0:1,00:01', 'found the pair 0:1 twice'],
    ['0:1,4:4', 'found the pair 4:4 of a layer with itself'],
  ])('refuses %j', (text, found) => {
    expect(() => parsePairs(text)).toThrow(UsageError);
    expect(() => parsePairs(text)).toThrow(
      `--pairs: cannot be read as pairs of layers (${found}, expected adjacent, all,`
    );
  });
});

it('a list of pairs needs each of its layers once, ascending', () => {
  expect(
    layersOfPairs([
      [5, 3],
      [0, 1],
      [1, 5],
    ])
  ).toEqual([0, 1, 3, 5]);
});
