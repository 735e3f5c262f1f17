import { allocateRows, rowOf } from './row-matrix';
import type { FloatArray, RowMatrix } from './row-matrix';

/**
 * A float32 matrix of rows that are each multiplied or divided by a number of its own, in float64 and rounded once. Rows
 * whose number is 0 become zero.
 *
 * @param scale one number a row `[rows]`
 * @param reuse whether a matrix that is float32 already may be changed and returned, instead of a copy
 */
export function scaleRows(
  matrix: RowMatrix<FloatArray>,
  scale: Float64Array,
  apply: (value: number, scale: number) => number,
  reuse = false
): RowMatrix {
  const result = reuse && isFloat32(matrix) ? matrix : allocateRows(Float32Array, matrix.rows, matrix.columns);
  for (let i = 0; i < matrix.rows; i++) {
    const factor = scale[i]!;
    const from = rowOf(matrix, i);
    const to = rowOf(result, i);
    if (factor === 0) to.fill(0);
    else for (let k = 0; k < to.length; k++) to[k] = apply(from[k]!, factor);
  }
  return result;
}

function isFloat32(matrix: RowMatrix<FloatArray>): matrix is RowMatrix {
  return matrix.blocks.every((block) => block instanceof Float32Array);
}

export const multiply = (value: number, scale: number): number => value * scale;
export const divide = (value: number, scale: number): number => value / scale;
