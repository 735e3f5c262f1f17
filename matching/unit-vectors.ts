import type { Features } from './features';
import { allocateRows, rowOf } from './row-matrix';
import type { RowMatrix } from './row-matrix';

/**
 * The feature vectors scaled to unit length, for the metric `cosine`: every row of every part is divided by the norm of
 * its feature's whole weighted vector. Computed in float64 and rounded once to float32; from there on these rows are what
 * is matched, so that a cost is 2 − 2·cos up to that rounding. The parts keep their weights. A zero vector stays zero.
 *
 * @param squared ‖a_i‖² over the weighted parts, as `squaredNorms` sums it. `[count]`
 */
export function unitVectors(features: Features, squared: Float64Array): Features {
  const norms = squared.map(Math.sqrt);
  return { ...features, parts: features.parts.map((part) => ({ ...part, rows: divideRows(part.rows, norms) })) };
}

/** A new matrix: the rows themselves are still needed for what is reported about the matches. */
function divideRows(rows: RowMatrix, norms: Float64Array): RowMatrix {
  const result = allocateRows(Float32Array, rows.rows, rows.columns);
  for (let i = 0; i < rows.rows; i++) {
    const norm = norms[i]!;
    if (norm === 0) continue;
    const from = rowOf(rows, i);
    const to = rowOf(result, i);
    for (let k = 0; k < to.length; k++) to[k] = from[k]! / norm;
  }
  return result;
}
