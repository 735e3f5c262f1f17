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
