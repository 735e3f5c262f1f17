/**
 * Proof of optimality in cost form: sourceDual[i] + targetDual[j] ≤ cost(i, j) for every pair, with equality on matched
 * pairs, and no dual above the feature's price of staying unmatched. NaN for excluded features.
 */
export interface Certificate {
  readonly sourceDual: Float64Array;
  readonly targetDual: Float64Array;
  /** Certified lower bound on what forbidding the match would cost; NaN when unmatched or not bounded. `[sources]` */
  readonly margin: Float64Array;
  /** The same for each target's match. `[targets]` */
  readonly targetMargin: Float64Array;
  /** Lower bound on the objective of every matching. */
  readonly bound: number;
  /** objective − bound. */
  readonly gap: number;
}
