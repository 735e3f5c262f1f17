import { FaultLog } from '../../../cli/watch/fault-log';
import { faultLine } from '../../../cli/watch/fault-line';
import type { PendingStep } from '../../../cli/observe-run';
import type { Failure } from '../../../workflows/run-types';
import { allPairs, NOW, progressOf, stepOf } from './sample-view';

const grid = allPairs(4, () => 'w');
const lost = (layers: readonly number[], attempt: number): PendingStep =>
  stepOf('1@a', layers, {
    attempt,
    failure: { what: 'match', layers, type: 'TimeoutError', message: 'no heartbeat: the worker was lost' },
  });
const failed = (...layers: number[]): Failure => ({
  ...{ what: 'match', layers, type: 'EnvironmentError', summary: 'the disk is full' },
  message: `/out/${layers.join('-')}: the disk is full`,
});
const observed = (
  steps: readonly PendingStep[],
  setAside: readonly Failure[] = [],
  failures: readonly Failure[] = []
) => ({
  ...{ steps, workers: [] },
  progress: progressOf(grid, { setAside, failures }),
});

it('tells a fault once, and again when it happens elsewhere or once more', () => {
  const log = new FaultLog();
  const news = (steps: readonly PendingStep[]) => log.update(observed(steps), NOW).map(faultLine);
  expect(news([lost([0, 1], 2)])).toEqual(['match 0:1 attempt 2: no heartbeat: the worker was lost']);
  expect(news([lost([0, 1], 2)])).toEqual([]);
  expect(news([lost([0, 1], 2), lost([2, 3], 2)])).toEqual([
    'match 0:1, 2:3 attempt 2: no heartbeat: the worker was lost',
  ]);
  expect(news([lost([0, 1], 3)])).toEqual(['match 0:1, 2:3 attempt 3: no heartbeat: the worker was lost']);
  expect(news([])).toEqual([]);
  expect(log.latest()).toHaveLength(1);
});

it('brings failures of one cause together, and has the latest first', () => {
  const log = new FaultLog();
  log.update(observed([lost([0, 1], 2)]), NOW);
  log.update(observed([], [failed(0, 1)]), NOW);
  const many = [failed(0, 1), failed(0, 2), failed(0, 3), failed(1, 2), failed(1, 3), failed(2, 3)];
  log.update(observed([], [], many), NOW);
  expect(log.latest().map(faultLine)).toEqual([
    'match 0:1, 0:2, 0:3, 1:2 and 2 more failed: /out/0-1: the disk is full',
    'match 0:1 set aside: /out/0-1: the disk is full',
    'match 0:1 attempt 2: no heartbeat: the worker was lost',
  ]);
});

it('keeps what a worker no longer answers about', () => {
  const log = new FaultLog();
  log.update(observed([], [failed(0, 1)]), NOW);
  expect(log.update({ progress: null, steps: [], workers: [] }, NOW)).toEqual([]);
  expect(log.latest()).toHaveLength(1);
});
