import { allocateRows, rowOf } from './row-matrix';
import type { FloatArray, RowMatrix } from './row-matrix';

/** What is done to each element of a row with the row's number. */
export type Scaling = 'multiply' | 'divide';

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
  scaling: Scaling,
  reuse = false
): RowMatrix {
  const result = reuse && isFloat32(matrix) ? matrix : allocateRows(Float32Array, matrix.rows, matrix.columns);
  for (let i = 0; i < matrix.rows; i++) {
    const factor = scale[i]!;
    const to = rowOf(result, i);
    if (factor === 0) to.fill(0);
    else if (factor === 1 && result === matrix) continue;
    else if (scaling === 'divide') divideRow(rowOf(matrix, i), factor, to);
    else multiplyRow(rowOf(matrix, i), factor, to);
  }
  return result;
}

// A loop each: one that calls what it is to do costs several times as much.

function multiplyRow(from: FloatArray, factor: number, to: Float32Array): void {
  const { length } = to;
  for (let k = 0; k < length; k++) to[k] = from[k]! * factor;
}

function divideRow(from: FloatArray, divisor: number, to: Float32Array): void {
  const { length } = to;
  for (let k = 0; k < length; k++) to[k] = from[k]! / divisor;
}

function isFloat32(matrix: RowMatrix<FloatArray>): matrix is RowMatrix {
  return matrix.blocks.every((block) => block instanceof Float32Array);
}
