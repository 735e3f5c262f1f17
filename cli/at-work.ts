import type { PairGrid } from '../workflows/pair-grid';
import type { PairsProgress, RunProgress } from '../workflows/run-types';
import type { PendingStep } from './observe-run';

/**
 * The same progress with only those pairs at work that a worker has; a workflow knows which ones wait for a worker no more
 * than that it has asked for them.
 */
export function onlyAtWork(progress: RunProgress, steps: readonly PendingStep[]): RunProgress {
  const atWork = new Set(steps.flatMap(({ worker, layers }) => (worker === null ? [] : [layers.join(':')])));
  const { pairs, drift, grid } = progress;
  return {
    ...progress,
    pairs: running(pairs, atWork),
    ...(drift !== undefined && { drift: running(drift, atWork) }),
    ...(grid !== undefined && { grid: gridAtWork(grid, atWork) }),
  };
}

const running = (pairs: PairsProgress, atWork: ReadonlySet<string>): PairsProgress => ({
  ...pairs,
  running: pairs.running.filter((name) => atWork.has(name)),
});

function gridAtWork(grid: PairGrid, atWork: ReadonlySet<string>): PairGrid {
  const { layers } = grid;
  const rows = grid.rows.map((row, i) =>
    Array.from(row, (letter, j) => (letter === 'r' && !atWork.has(`${layers[i]!}:${layers[j]!}`) ? 'w' : letter)).join(
      ''
    )
  );
  return { ...grid, rows };
}
