import fc from 'fast-check';

import { frame } from '../../../cli/watch/frame';
import { chooseGlyphs } from '../../../cli/watch/glyphs';
import type { RunView } from '../../../cli/watch/run-view';
import type { PairLetter } from '../../../workflows/pair-grid';
import { adjacentPairs, allPairs, faultOf, NOW, progressOf, stepOf, viewOf } from './sample-view';

const glyphs = chooseGlyphs({ LANG: 'en_US.UTF-8' });

const shown = (view: RunView, columns = 80, rows = 24, signs = glyphs): string[] =>
  frame(view, columns, rows, signs).map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd()
  );

const pace = { pairsPerMinute: 12.34, secondsLeft: 14_040 };

/** 26 layers, half of whose pairs are done. */
const half = allPairs(26, (source, target) => (source < 8 ? 'd' : source === 8 && target < 12 ? 'r' : 'w'));

it('shows a run of 325 pairs on 80 columns and 24 rows', () => {
  const workers = [{ identity: '12@a', pools: ['match', 'fold'] as const, asked: NOW }];
  const progress = { phase: 'pricing', done: 45, total: 100, gap: 2e-4 } as const;
  const steps = [stepOf('12@a', [8, 9], { progress }), stepOf('77@b', [8, 10])];
  const lines = shown(viewOf(progressOf(half), { pace, workers, steps, faults: [faultOf()] }));
  const time = faultOf().time.toTimeString().slice(0, 8);
  expect(lines).toEqual([
    `run 3f9a0c1b2d4e  matching${' '.repeat(48)}12:34`,
    'hf://google/gemma-scope-2b-pt-res → gs://bucket/results',
    '[████████████░░░░░░░░░]  56%  172 of 325 pairs  12.3 pairs/min  3 h 54 min left',
    'layers 26 of 26 folded',
    '',
    '   1     4     7     10    13    16    19    22    25',
    ' 0 █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █',
    ' 3       █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █ █',
    ' 6             █ █ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓',
    ' 9                   · · · · · · · · · · · · · · · ·',
    '12                         · · · · · · · · · · · · ·',
    '15                               · · · · · · · · · ·',
    '18                                     · · · · · · ·',
    '21                                           · · · ·',
    '24                                                 ·',
    '█ done 172  ▶ at work 3  · waiting 150',
    '',
    'workers',
    ' 12@a  8→9 pricing 45% gap 2e-4',
    ' 77@b  8→10',
    '',
    'faults',
    ` ${time} match 3:4 attempt 2: no heartbeat: the worker was lost`,
  ]);
});

it('counts the steps of a worker that have not said what they are about', () => {
  const steps = [stepOf('1@a', []), stepOf('1@a', [2, 3]), stepOf('1@a', []), stepOf(null, [])];
  expect(shown(viewOf(progressOf(half), { steps }))).toContain(' 1@a  match (2), 2→3');
});

it('names every pair where there are few', () => {
  const states: PairLetter[] = ['d', 'c', 'r', 'a', 'f', 'w'];
  const lines = shown(viewOf(progressOf(adjacentPairs(7, (source) => states[source]!))));
  expect(lines).toContain('0→1 █  1→2 ■  2→3 ▶  3→4 !  4→5 x  5→6 ·');
  expect(lines).toContain('█ done 1  ■ found done 1  ▶ at work 1  · waiting 1  ! set aside 1  x failed 1');
});

it('shows 4,950 pairs on 80 columns and 24 rows, and one that failed among them', () => {
  const grid = allPairs(100, (source, target) =>
    source === 50 && target === 60 ? 'f' : source < 40 || (source < 48 && target < 60) ? 'd' : 'w'
  );
  const lines = shown(viewOf(progressOf(grid), { pace }));
  expect(lines.length).toBeLessThan(24);
  expect(lines.join('\n')).toMatch(/^48 +·+x·+$/m);
  expect(lines.join('\n')).toMatch(/^ 0 █{40,}$/m);
  expect(lines.join('\n')).toMatch(/^40 +█+▒·+$/m);
  expect(lines.join('\n')).toMatch(/█ done \d+ {2}· waiting \d+ {2}x failed 1/);
});

it('fits every terminal, whatever the run is like', () => {
  const letter = fc.constantFrom<PairLetter>('w', 'r', 'd', 'c', 'a', 'f', '.');
  const runs = fc
    .tuple(fc.integer({ min: 1, max: 120 }), fc.infiniteStream(letter), fc.boolean())
    .map(([count, letters, adjacent]) => {
      const next = (): PairLetter => letters.next().value as PairLetter;
      return adjacent ? adjacentPairs(count, next) : allPairs(count, next);
    });
  const size = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 60 }));
  fc.assert(
    fc.property(runs, size, fc.integer({ min: 0, max: 9 }), (grid, [columns, rows], count) => {
      const faults = Array.from({ length: count }, () => faultOf({ message: '日本 '.repeat(50) }));
      const steps = Array.from({ length: count }, (_, worker) => stepOf(`${worker}@host`, [1, 2]));
      const lines = frame(viewOf(progressOf(grid), { faults, steps, pace }), columns, rows, glyphs);
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) expect(line.length).toBeLessThan(Math.max(2, columns));
    }),
    { numRuns: 200 }
  );
});

it('counts every pair in its legend, whatever the size of the grid', () => {
  const lines = shown(viewOf(progressOf(half)), 40, 14).join('\n');
  expect(lines).toContain('█ done 172');
  expect(lines).toContain('· waiting 150');
});

it('keeps what matters most on a terminal of 40 columns', () => {
  const lines = shown(viewOf(progressOf(half), { pace }), 40, 24);
  expect(lines[0]).toMatch(/^run 3f9a0c1b2d4e {2}matching +12:34$/);
  expect(lines[2]).toMatch(/^\[[█░]+\] {2}56% {2}3 h 54 min left$/);
  expect(lines.join('\n')).toMatch(/^ 0 █{25}$|^ 0 █( █)*/m);
});

it('shows two lines where there is no room for more', () => {
  expect(shown(viewOf(progressOf(half), { pace }), 80, 3)).toHaveLength(2);
});

it('says what a run waits for', () => {
  expect(shown(viewOf(null))[0]).toContain('waiting for a worker');
  expect(shown(viewOf(progressOf(half), { reachable: false }))[0]).toContain('the server does not answer');
  const pausesUntil = new Date(NOW.getTime() + 90_000).toISOString();
  expect(shown(viewOf(progressOf(half, { pausesUntil })))[0]).toContain('pausing 2 min');
  expect(shown(viewOf(progressOf(half))).join('\n')).toContain('none asked for work');
});

it('uses ASCII where the locale or the console has no more', () => {
  for (const env of [{ LANG: 'C' }, { LANG: 'C.UTF-8', TERM: 'linux' }, { LC_ALL: 'POSIX', LANG: 'C.UTF-8' }]) {
    const lines = shown(viewOf(progressOf(half), { pace }), 80, 24, chooseGlyphs(env));
    expect(lines.join('\n')).toMatch(/^[ -~\n]*$/);
    expect(lines.join('\n')).toContain('# done 172');
  }
});

it('tells every state by its sign alone', () => {
  const signs = Object.values(glyphs.states);
  expect(new Set(signs).size).toBe(signs.length);
});
