import type { Output } from '../../../cli/output';
import { onlyAtWork } from '../../../cli/at-work';
import { createJsonDisplay } from '../../../cli/watch/json-display';
import { createPlainDisplay } from '../../../cli/watch/plain-display';
import type { WatchEvent } from '../../../cli/watch/watch-events';
import type { PairLetter } from '../../../workflows/pair-grid';
import { allPairs, NOW, progressOf, stepOf } from './sample-view';

const run = { runId: 'demo', source: '/saes', out: '/out', started: NOW, workersOf: null };
const done = (count: number) => {
  let left = count;
  return progressOf(allPairs(4, (): PairLetter => (left-- > 0 ? 'd' : 'w')));
};
const observed = (count: number) => ({ progress: done(count), steps: [], workers: [] });
const retry = {
  ...observed(3),
  steps: [
    stepOf(null, [2, 3], { attempt: 2, failure: { what: 'match', layers: [2, 3], type: 'Error', message: 'no' } }),
  ],
};

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('lines', () => {
  const printed: string[] = [];
  const output = { print: (line = '') => printed.push(line), quiet: false } as unknown as Output;
  beforeEach(() => printed.splice(0));

  it('come when something has changed, not more often than asked for, faults and phases at once', () => {
    const display = createPlainDisplay(run, output, 10_000);
    display.show(observed(0));
    display.show(observed(1));
    jest.advanceTimersByTime(5000);
    display.show(observed(2));
    jest.advanceTimersByTime(5000);
    display.show(observed(2));
    jest.advanceTimersByTime(1000);
    display.show(retry);
    display.lost();
    display.lost();
    display.show({ ...observed(3), progress: { ...done(3), phase: 'composing' } });
    display.close();
    display.show(observed(5));
    expect(printed).toEqual([
      '2026-01-02T12:34:56Z  matching; layers 4 of 4, pairs 0 of 6',
      '2026-01-02T12:35:06Z  matching; layers 4 of 4, pairs 2 of 6',
      '2026-01-02T12:35:07Z  match 2:3 attempt 2: no',
      '2026-01-02T12:35:07Z  the server does not answer; waiting for it',
      '2026-01-02T12:35:07Z  composing; layers 4 of 4, pairs 3 of 6',
    ]);
  });

  it('say now and then that nothing has changed', () => {
    const display = createPlainDisplay(run, output, 10_000);
    for (let second = 0; second < 130; second++) {
      display.show(observed(1));
      jest.advanceTimersByTime(1000);
    }
    expect(printed.map((line) => line.slice(11, 19))).toEqual(['12:34:56', '12:35:56', '12:36:56']);
  });
});

it('events tell every change of a pair once, and nothing twice', () => {
  const events: WatchEvent[] = [];
  const display = createJsonDisplay(run, (event) => events.push(event), 2000);
  for (const count of [0, 1, 2, 2, 2, 3]) {
    display.show(observed(count));
    jest.advanceTimersByTime(1000);
  }
  display.show(retry);
  const changed = events.flatMap((event) => (event.event === 'progress' ? [event.changed] : []));
  expect(changed).toEqual([
    [],
    [
      { source: 0, target: 1, state: 'done' },
      { source: 0, target: 2, state: 'done' },
    ],
    [{ source: 0, target: 3, state: 'done' }],
  ]);
  expect(events.map(({ event }) => event)).toEqual(['progress', 'progress', 'progress', 'fault']);
  expect(events.at(-1)).toEqual({
    ...{ event: 'fault', time: '2026-01-02T12:35:02.000Z', run_id: 'demo', kind: 'retry', step: 'match' },
    ...{ where: ['2:3'], attempt: 2, message: 'no' },
  });
});

it('a pair that no worker has yet is waiting', () => {
  const grid = allPairs(3, () => 'r');
  const progress = progressOf(grid);
  const named = { ...progress, pairs: { ...progress.pairs, running: ['0:1', '0:2', '1:2'] } };
  const seen = onlyAtWork(named, [stepOf('1@a', [0, 2]), stepOf(null, [1, 2])]);
  expect(seen.grid!.rows).toEqual(['.wr', '..w', '...']);
  expect(seen.pairs.running).toEqual(['0:2']);
});
