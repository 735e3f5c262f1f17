import { allocateRows, rowOf } from './row-matrix';
import type { FloatArray, RowMatrix } from './row-matrix';

/**
 * A new float32 matrix of rows that are each multiplied or divided by a number of its own, in float64 and rounded once.
 * Rows whose number is 0 become zero.
 *
 * @param scale one number a row `[rows]`
 */
export function scaleRows(
  matrix: RowMatrix<FloatArray>,
  scale: Float64Array,
  apply: (value: number, scale: number) => number
): RowMatrix {
  const result = allocateRows(Float32Array, matrix.rows, matrix.columns);
  for (let i = 0; i < matrix.rows; i++) {
    const factor = scale[i]!;
    if (factor === 0) continue;
    const from = rowOf(matrix, i);
    const to = rowOf(result, i);
    for (let k = 0; k < to.length; k++) to[k] = apply(from[k]!, factor);
  }
  return result;
}

export const multiply = (value: number, scale: number): number => value * scale;
export const divide = (value: number, scale: number): number => value / scale;
