import { allocateRows, rowOf } from './row-matrix';
import type { FloatArray, RowMatrix } from './row-matrix';

/** What is done to each element of a row with the row's number. */
export type Scaling = 'multiply' | 'divide';

export interface ScaleOptions {
  /** Whether a matrix that is float32 already may be changed and returned, instead of a copy. Default: false. */
  readonly reuse?: boolean;
  /** Called with every row that does not stay finite. */
  readonly onOverflow?: (row: number) => void;
}

/**
 * A float32 matrix of rows that are each multiplied or divided by a number of its own, in float64 and rounded once. Rows
 * whose number is 0 become zero.
 *
 * @param scale one number a row `[rows]`
 */
export function scaleRows(
  matrix: RowMatrix<FloatArray>,
  scale: Float64Array,
  scaling: Scaling,
  { reuse = false, onOverflow }: ScaleOptions = {}
): RowMatrix {
  const result = reuse && isFloat32(matrix) ? matrix : allocateRows(Float32Array, matrix.rows, matrix.columns);
  for (let i = 0; i < matrix.rows; i++) {
    const factor = scale[i]!;
    const to = rowOf(result, i);
    if (factor === 0) {
      to.fill(0);
      continue;
    }
    const isFinite = (scaling === 'divide' ? divideRow : multiplyRow)(rowOf(matrix, i), factor, to);
    if (!isFinite) onOverflow?.(i);
  }
  return result;
}

// A loop each: one that calls what it is to do costs several times as much. x − x is 0 for a finite x and NaN for all
// others, so that one sum without branches tells whether the row is finite.

function multiplyRow(from: FloatArray, factor: number, to: Float32Array): boolean {
  const { length } = to;
  let sum = 0;
  for (let k = 0; k < length; k++) {
    const value = Math.fround(from[k]! * factor);
    to[k] = value;
    sum += value - value;
  }
  return sum === 0;
}

function divideRow(from: FloatArray, divisor: number, to: Float32Array): boolean {
  const { length } = to;
  let sum = 0;
  for (let k = 0; k < length; k++) {
    const value = Math.fround(from[k]! / divisor);
    to[k] = value;
    sum += value - value;
  }
  return sum === 0;
}

function isFloat32(matrix: RowMatrix<FloatArray>): matrix is RowMatrix {
  return matrix.blocks.every((block) => block instanceof Float32Array);
}
