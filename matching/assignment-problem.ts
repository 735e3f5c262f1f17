/*
 * The linear assignment problem of one layer pair, on an integer grid.
 *
 * minimise Σ c_ij x_ij + Σ λ_i p_i + Σ μ_j q_j, where p and q mark features left unmatched at prices λ and μ
 * (Infinity: must be matched). Writing c_ij = ‖a_i‖² + ‖b_j‖² − 2 s_ij, only the *grid cost*
 *
 *     C_ij = A_i + B_j − 2 S_ij,   S = s/g,  A = (‖a‖² − λ)/g or 0 where λ = ∞,  B likewise,  each rounded once
 *
 * decides, because c_ij = g·C_ij + (λ_i or ‖a_i‖²) + (μ_j or ‖b_j‖²): leaving features out costs 0 on the grid. All grid
 * numbers are integers far below 2^53, so that price arithmetic is exact in float64 and ties are real ties.
 */

/**
 * The default prices of one side: both sides must match at equal counts (Infinity); otherwise the smaller side must
 * match and the surplus side may stay out at price 0.
 */
export function defaultPrices(count: number, otherCount: number): Float64Array {
  return new Float64Array(count).fill(count > otherCount ? 0 : Infinity);
}

/**
 * Prices of staying unmatched for the features of one side: (1 − ρ)‖·‖² with an outside option ρ, so that a pair is worth
 * matching only if 2⟨a, b⟩ ≥ ρ(‖a‖² + ‖b‖²), which is a cosine of ρ at equal norms; else {@link defaultPrices}.
 */
export function pricesOf(norms: Float64Array, otherCount: number, unmatched: number | null): Float64Array {
  if (unmatched === null) return defaultPrices(norms.length, otherCount);
  return norms.map((norm) => (1 - unmatched) * norm);
}

/**
 * Grid step for two layers: the smallest power of two that is at least 2⁻⁴⁴ of the product of the root-mean-square norms,
 * at least 2⁻⁴⁷ of the product of the largest norms, and at least 2⁻⁵⁰ of the largest term ‖a‖² − λ or ‖b‖² − μ. The first
 * keeps the rounding of a whole matching near 1e-13 of its scale; the others leave room below 2^53 for prices when a
 * few norms are huge.
 */
export function gridStep(source: Side, target: Side): number {
  const smallest = Math.max(
    Math.sqrt(mean(source.norms) * mean(target.norms)) * 2 ** -44,
    Math.sqrt(largest(source.norms) * largest(target.norms)) * 2 ** -47,
    Math.max(largestTerm(source), largestTerm(target)) * 2 ** -50
  );
  return smallest > 0 ? powerOfTwoAtLeast(smallest) : STEP_OF_NOTHING;
}

/** Step where all rows are zero: every number is on the grid, and nothing is rounded. */
export const STEP_OF_NOTHING = 2 ** -500;

/** Squared norms and prices of staying unmatched of one side. */
export interface Side {
  readonly norms: Float64Array;
  readonly prices: Float64Array;
}

/** Grid terms (A or B) of one side: (‖a‖² − price)/g, or 0 where the feature must be matched. */
export function gridTerms(side: Side, step: number): Float64Array {
  return side.norms.map((norm, i) => (side.prices[i] === Infinity ? 0 : toGrid(norm - side.prices[i]!, step)));
}

/** Rounds a value to the grid: the integer nearest to value / step. */
export function toGrid(value: number, step: number): number {
  return Math.round(value / step);
}

function powerOfTwoAtLeast(value: number): number {
  const exponent = Math.ceil(Math.log2(value));
  const candidate = 2 ** exponent;
  // log2 may be off by one unit in the last place next to a power of two.
  if (candidate < value) return candidate * 2;
  return candidate / 2 >= value ? candidate / 2 : candidate;
}

function largestTerm({ norms, prices }: Side): number {
  return norms.reduce(
    (most, norm, i) => (prices[i] === Infinity ? most : Math.max(most, Math.abs(norm - prices[i]!))),
    0
  );
}

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
const largest = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);
