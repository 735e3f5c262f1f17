import { emptyGraph } from './candidate-graph';
import type { CandidateGraph } from './candidate-graph';
import type { SharedProblem } from './shared-problem';
import { createSparseState } from './sparse-state';
import type { SparseState } from './sparse-state';
import type { PassState } from './tile-runner';

/**
 * What the engine does next: find first candidates, price them, generate columns by approximate values, then by exact
 * ones, and report on the optimum.
 */
export const STAGES = ['candidates', 'prices', 'approximate', 'exact', 'report'] as const;
export type Stage = (typeof STAGES)[number];

/** All that a match has worked out so far: what a checkpoint keeps. */
export interface EngineState {
  stage: Stage;
  /** Scans done in this stage. */
  scan: number;
  /** Passes done in all stages. */
  passes: number;
  /** Typical cosine of features that have nothing to do with each other; 0 until it is known. */
  noise: number;
  graph: CandidateGraph;
  readonly sparse: SparseState;
  /** The pass that is not done; null between passes, where the sparse problem may have to be solved first. */
  pass: PassState | null;
}

export function createEngineState({ rows, columns }: Pick<SharedProblem, 'rows' | 'columns'>): EngineState {
  return {
    ...{ stage: 'candidates', scan: 0, passes: 0, noise: 0, pass: null },
    graph: emptyGraph(rows, columns),
    sparse: createSparseState({ rows, columns }),
  };
}
