import type { RowMatrix } from '../../../matching/row-matrix';
import { rowOf } from '../../../matching/row-matrix';
import type { TightGraph } from '../../../matching/tight-graph';

/** The assignment problem of a layer pair with all its similarities, on the grid. */
export interface AssignmentProblem {
  /** Grid step g, a power of two, in units of the similarities. */
  readonly step: number;
  /** S `[sources, targets]`, integers. */
  readonly similarity: RowMatrix<Float64Array>;
  /** A `[sources]`, integers. */
  readonly sourceTerm: Float64Array;
  /** B `[targets]`, integers. */
  readonly targetTerm: Float64Array;
  /** Whether source features may stay unmatched (at grid cost 0). */
  readonly sourcesOptional: boolean;
  /** Whether target features may stay unmatched (at grid cost 0). */
  readonly targetsOptional: boolean;
}

/** An optimal solution with its proof: U_i + V_j ≤ C_ij everywhere, equality on matched pairs. */
export interface AssignmentSolution {
  /** Target of each source, −1 when unmatched. `[sources]` */
  readonly targetOf: Int32Array;
  /** U `[sources]`, integers; ≤ 0 where sources are optional, 0 where unmatched. */
  readonly sourceDual: Float64Array;
  /** V `[targets]`, integers; ≤ 0 where targets are optional, 0 where unmatched. */
  readonly targetDual: Float64Array;
}

/** Scans the dense problem for tight pairs. */
export function denseTightGraph(problem: AssignmentProblem, solution: AssignmentSolution): TightGraph {
  const { similarity, sourceTerm, targetTerm } = problem;
  const { sourceDual, targetDual } = solution;
  const targetsOf: Int32Array[] = [];
  for (let i = 0; i < similarity.rows; i++) {
    const row = rowOf(similarity, i);
    const base = sourceTerm[i]! - sourceDual[i]!;
    const tight: number[] = [];
    for (let j = 0; j < row.length; j++) {
      const reduced = base + targetTerm[j]! - 2 * row[j]! - targetDual[j]!;
      if (reduced === 0) tight.push(j);
    }
    targetsOf.push(Int32Array.from(tight));
  }
  return {
    targetsOf,
    sourceMayStayOut: Uint8Array.from(sourceDual, (dual) => Number(problem.sourcesOptional && dual === 0)),
    targetMayStayOut: Uint8Array.from(targetDual, (dual) => Number(problem.targetsOptional && dual === 0)),
  };
}
