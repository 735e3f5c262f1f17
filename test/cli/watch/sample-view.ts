import type { PendingStep } from '../../../cli/observe-run';
import type { Fault } from '../../../cli/watch/fault-log';
import type { RunView } from '../../../cli/watch/run-view';
import type { PairGrid, PairLetter } from '../../../workflows/pair-grid';
import type { RunProgress } from '../../../workflows/run-types';

/** All pairs of so many layers, each in the state that is told of it. */
export function allPairs(count: number, letterOf: (source: number, target: number) => PairLetter): PairGrid {
  const layers = Array.from({ length: count }, (_, layer) => layer);
  const rows = layers.map((source) =>
    layers.map((target) => (target > source ? letterOf(source, target) : '.')).join('')
  );
  return { layers, folds: 'd'.repeat(count), rows };
}

/** Neighbouring pairs of so many layers. */
export function adjacentPairs(count: number, letterOf: (source: number) => PairLetter): PairGrid {
  const grid = allPairs(count, (source, target) => (target === source + 1 ? letterOf(source) : '.'));
  return grid;
}

/** The progress of a run with these pairs. */
export function progressOf(grid: PairGrid, changes: Partial<RunProgress> = {}): RunProgress {
  const letters = grid.rows.join('').replaceAll('.', '');
  const count = (letter: string): number => letters.split(letter).length - 1;
  const folded = grid.layers.length;
  return {
    ...{ runId: '3f9a0c1b2d4e', state: 'running', phase: 'matching' },
    layers: { total: folded, folded, cached: 0, failed: 0 },
    pairs: {
      total: letters.length,
      done: count('d') + count('c'),
      cached: count('c'),
      failed: count('f'),
      running: new Array<string>(count('r')).fill('0:1'),
      setAside: new Array<string>(count('a')).fill('0:1'),
    },
    ...{ recentEnds: [], grid, setAside: [], pausesUntil: null, failures: [] },
    ...changes,
  };
}

export const NOW = new Date('2026-01-02T12:34:56Z');

export function viewOf(progress: RunProgress | null, changes: Partial<RunView> = {}): RunView {
  return {
    ...{ runId: '3f9a0c1b2d4e', source: 'hf://google/gemma-scope-2b-pt-res', out: 'gs://bucket/results' },
    ...{ started: new Date(NOW.getTime() - 754_000), now: NOW, reachable: true, progress, pace: null },
    ...{ steps: [], workers: [], faults: [] },
    ...changes,
  };
}

export function stepOf(
  worker: string | null,
  layers: readonly number[],
  changes: Partial<PendingStep> = {}
): PendingStep {
  return { type: 'matchLayers', layers, progress: null, attempt: 1, worker, failure: null, ...changes };
}

export function faultOf(changes: Partial<Fault> = {}): Fault {
  return {
    ...{ kind: 'retry', step: 'match', where: ['3:4'], message: 'no heartbeat: the worker was lost', attempt: 2 },
    ...{ time: NOW },
    ...changes,
  };
}
