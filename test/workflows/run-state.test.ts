import { RunStateTracker } from '../../workflows/run-state';
import type { Failure, RunRequest } from '../../workflows/run-types';

const request = { runId: 'test' } as RunRequest;
const failure = (what: string, ...layers: number[]): Failure => ({ what, layers, type: 'InputError', message: 'no' });

it('tells the state of every pair and layer of a run', () => {
  const tracker = new RunStateTracker(request);
  tracker.planned(
    [0, 1, 2, 3],
    [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ]
  );
  tracker.layerFolded(0, false);
  tracker.layerFolded(1, true);
  tracker.failed(failure('fold', 3));
  for (const target of [1, 2]) tracker.pairStarted(0, target);
  tracker.pairDone(0, 1, false);
  tracker.pairDone(1, 2, true);
  tracker.pairFailed(0, 3, null);
  tracker.pairSetAside(1, 3, failure('match', 1, 3));
  expect(tracker.snapshot().grid).toBeUndefined();
  expect(tracker.snapshot({ grid: true }).grid).toEqual({
    layers: [0, 1, 2, 3],
    folds: 'dcwf',
    rows: ['.drf', '..ca', '...w', '....'],
  });
});

it('has the comparison with the previous checkpoint on the diagonal', () => {
  const tracker = new RunStateTracker(request);
  tracker.planned([0, 1, 2], [[0, 1]]);
  const nothing = { total: 3, done: 0, cached: 0, failed: 0, running: [], setAside: [] };
  tracker.drift = nothing;
  expect(tracker.snapshot({ grid: true }).grid!.rows).toEqual(['ww.', '.w.', '..w']);
  tracker.compared = new Map([
    [0, false],
    [2, true],
  ]);
  expect(tracker.snapshot({ grid: true }).grid!.rows).toEqual(['dw.', '.f.', '..c']);

  const comparison = new RunStateTracker(request, 'drift');
  comparison.planned(
    [0, 1],
    [
      [0, 0],
      [1, 1],
    ]
  );
  comparison.pairStarted(1, 1);
  expect(comparison.snapshot({ grid: true }).grid!.rows).toEqual(['w.', '.r']);
});

it('remembers when the latest pairs were matched, and not when they were only found', () => {
  const tracker = new RunStateTracker(request);
  tracker.pairDone(0, 1, true);
  expect(tracker.snapshot().recentEnds).toEqual([]);
  const before = Date.now();
  for (let target = 0; target < 200; target++) tracker.pairDone(5, target, false);
  const { recentEnds } = tracker.snapshot();
  expect(recentEnds).toHaveLength(64);
  expect(recentEnds.every((end) => end >= before && end <= Date.now())).toBe(true);
});
