import type { Features } from './features';
import { scaleRows } from './scale-rows';

/**
 * The feature vectors scaled to unit length, for the metric `cosine`: every row of every part is divided by the norm of
 * its feature's whole weighted vector. Computed in float64 and rounded once to float32; from there on these rows are what
 * is matched, so that a cost is 2 − 2·cos up to that rounding. The parts keep their weights. A zero vector stays zero.
 *
 * @param squared ‖a_i‖² over the weighted parts, as `squaredNorms` sums it. `[count]`
 */
export function unitVectors(features: Features, squared: Float64Array): Features {
  const norms = squared.map(Math.sqrt);
  // New matrices: the rows themselves are still needed for what is reported about the matches.
  return {
    ...features,
    parts: features.parts.map((part) => ({ ...part, rows: scaleRows(part.rows, norms, 'divide') })),
  };
}
