import type { AssignmentProblem, AssignmentSolution } from './assignment-problem';
import { rowOf } from './row-matrix';

/**
 * The graph of all pairs with zero reduced cost, C_ij = U_i + V_j, and of the features that may stay unmatched in an
 * optimal solution (dual 0 and optional). By complementary slackness the optimal matchings are exactly the matchings of
 * this graph in which every other feature is matched, whichever optimal duals it was built from.
 */
export interface TightGraph {
  /** Tight targets of each source, ascending. */
  readonly targetsOf: readonly Int32Array[];
  /** 1 where the source may stay unmatched. `[sources]` */
  readonly sourceMayStayOut: Uint8Array;
  /** 1 where the target may stay unmatched. `[targets]` */
  readonly targetMayStayOut: Uint8Array;
}

/** Scans the dense problem for tight pairs. */
export function tightGraph(problem: AssignmentProblem, solution: AssignmentSolution): TightGraph {
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
