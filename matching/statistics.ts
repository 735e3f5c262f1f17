/** Quantiles over the matched pairs; null when there are none. */
export interface Quantiles {
  readonly q05: number | null;
  readonly q50: number | null;
  readonly q95: number | null;
}

export interface MatchCounts {
  readonly matched: number;
  readonly mutualNearest: number;
  readonly excludedSource: number;
  readonly excludedTarget: number;
}

export interface SolvedStatistics {
  /** Mean of cost / vector length over the matched pairs. */
  readonly mseMean: number | null;
  readonly mse: Quantiles;
  /** Share of the matched cost that each part contributes; null for parts that were not matched on. */
  readonly share: PartNumbers;
}

export interface PairStatistics extends SolvedStatistics {
  /** Of the decoder cosines. */
  readonly cosine: Quantiles;
  /**
   * The paper's metric (SAE Match, Sect. 5.1): mean squared difference of the matched rows of each folded tensor,
   * whatever was matched on.
   */
  readonly foldedMse: PartNumbers;
}

export interface PartNumbers {
  readonly decoder: number | null;
  readonly encoder: number | null;
  readonly bias: number | null;
}

export const NO_PARTS: PartNumbers = { decoder: null, encoder: null, bias: null };

/** Mean of the finite values in ascending index order; null when there are none. */
export function mean(values: Float64Array): number | null {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

/** Linear-interpolation quantile (numpy's default) of the values that are not NaN; null when there are none. */
export function quantile(values: Float64Array, q: number): number | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted.length === 0 ? null : quantileOfSorted(sorted, q);
}

export function quantiles(values: Float64Array): Quantiles {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return { q05: null, q50: null, q95: null };
  return {
    q05: quantileOfSorted(sorted, 0.05),
    q50: quantileOfSorted(sorted, 0.5),
    q95: quantileOfSorted(sorted, 0.95),
  };
}

function quantileOfSorted(sorted: Float64Array, q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
