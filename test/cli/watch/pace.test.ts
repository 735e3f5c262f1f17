import fc from 'fast-check';
import { formatDuration, formatElapsed, formatRate } from '../../../cli/watch/durations';
import { paceOf } from '../../../cli/watch/pace';
import { allPairs, progressOf } from './sample-view';

const grid = allPairs(20, (source) => (source < 5 ? 'd' : 'w'));
const { total, done } = progressOf(grid).pairs;

it('is that of pairs that end regularly, however many of them are told', () => {
  const every = fc.integer({ min: 10, max: 1e7 });
  fc.assert(
    fc.property(every, fc.integer({ min: 3, max: 64 }), fc.integer({ min: 0, max: 1e12 }), (ms, count, now) => {
      const recentEnds = Array.from({ length: count }, (_, back) => now - back * ms);
      const pace = paceOf(progressOf(grid, { recentEnds }), now)!;
      expect(pace.pairsPerMinute).toBeCloseTo(60_000 / ms, 6);
      expect(pace.secondsLeft / (((total - done) * ms) / 1000)).toBeCloseTo(1, 9);
    })
  );
});

it('sinks while no pair ends any more', () => {
  const recentEnds = [1000, 2000, 3000];
  const paces = [3000, 10_000, 100_000].map((now) => paceOf(progressOf(grid, { recentEnds }), now)!.secondsLeft);
  expect(paces[0]).toBeLessThan(paces[1]!);
  expect(paces[1]).toBeLessThan(paces[2]!);
});

it('is not guessed from too few ends, nor outside of matching, nor by a clock that is behind', () => {
  const recentEnds = [1000, 2000, 3000];
  expect(paceOf(progressOf(grid, { recentEnds: [1000, 2000] }), 3000)).toBeNull();
  expect(paceOf(progressOf(grid, { recentEnds, phase: 'publishing' }), 3000)).toBeNull();
  expect(paceOf(progressOf(grid, { recentEnds }), 500)).toBeNull();
});

it('is told in the units of a person', () => {
  const durations = [0.4, 59.4, 60, 3599, 14_040, 190_800].map(formatDuration);
  expect(durations).toEqual(['0 s', '59 s', '1 min', '1 h 0 min', '3 h 54 min', '2 d 5 h']);
  expect([-3, 59.9, 754, 14_047].map(formatElapsed)).toEqual(['0 s', '59 s', '12:34', '3:54:07']);
  expect([12.34, 1, 0.5, 0.0125].map(formatRate)).toEqual([
    '12.3 pairs/min',
    '1.00 pairs/min',
    '30 pairs/h',
    '0.75 pairs/h',
  ]);
});
