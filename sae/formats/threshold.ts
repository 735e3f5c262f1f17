/**
 * JumpReLU here is relu(x)·(x > θ), so a negative θ acts exactly as 0.
 *
 * @returns the thresholds with negative values set to 0, and a note when there were any.
 */
export function clampThreshold(threshold: Float64Array): { threshold: Float64Array; notes: readonly string[] } {
  const negative = threshold.reduce((count, value) => count + (value < 0 ? 1 : 0), 0);
  if (negative === 0) return { threshold, notes: [] };
  return {
    threshold: threshold.map((value) => Math.max(0, value)),
    notes: [`${negative} thresholds are negative; they act as 0`],
  };
}

/**
 * θ where features are gated by pre·‖w‖ > θ: in units of pre. A decoder row of zeros gives nothing whatever gates it, and
 * has no such θ; 0 leaves the feature out of folding. `[features]` all
 */
export function thresholdByNorm(threshold: Float64Array, norms: Float64Array): Float64Array {
  return threshold.map((value, feature) => (norms[feature] === 0 ? 0 : value / norms[feature]!));
}
