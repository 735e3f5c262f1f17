import type { CandidateGraph } from './candidate-graph';

/** No partner. */
export const NONE = -1;

/** Prices and matching of the sparse problem, in grid units: u_i + v_p ≥ W_ip on every known edge. */
export interface SparseState {
  /** u ≥ 0 where rows are optional. `[rows]` */
  readonly rowDual: Float64Array;
  /** v ≥ 0 where columns are optional, by position. `[columns]` */
  readonly columnDual: Float64Array;
  readonly positionOf: Int32Array;
  readonly rowOf: Int32Array;
}

export interface OptionalSides {
  readonly rows: boolean;
  readonly columns: boolean;
}

export function createSparseState({ rows, columns }: Pick<CandidateGraph, 'rows' | 'columns'>): SparseState {
  return {
    rowDual: new Float64Array(rows),
    columnDual: new Float64Array(columns),
    positionOf: new Int32Array(rows).fill(NONE),
    rowOf: new Int32Array(columns).fill(NONE),
  };
}
