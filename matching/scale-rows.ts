import { allocateRows, rowOf } from './row-matrix';
import type { FloatArray, RowMatrix } from './row-matrix';

/** What is done to each element of a row with the row's number. */
export type Scaling = 'multiply' | 'divide';

export interface ScaleOptions {
  /** Whether a matrix that is float32 already may be changed and returned, instead of a copy. Default: false. */
  readonly reuse?: boolean;
  /** Called with the first row that does not stay finite. */
  readonly onOverflow?: (row: number) => void;
}

/** Rows, and where they go once each is multiplied or divided by its number in float64, rounded once. */
export interface RowScaling {
  readonly from: RowMatrix<FloatArray>;
  /** May be `from`. */
  readonly to: RowMatrix;
  /** One number a row `[rows]`; rows whose number is 0 become zero. */
  readonly scale: Float64Array;
  readonly scaling: Scaling;
}

/** What {@link scaleRows} takes. */
export type ScalingWork = readonly [
  matrix: RowMatrix<FloatArray>,
  scale: Float64Array,
  scaling: Scaling,
  options: ScaleOptions,
];

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
  const to = scaledInto(matrix, reuse);
  const overflow = scaleRange({ from: matrix, to, scale, scaling }, 0, matrix.rows);
  if (overflow !== null) onOverflow?.(overflow);
  return to;
}

/** The matrix that scaled rows go to: the same one where it is float32 and may be reused. */
export function scaledInto(matrix: RowMatrix<FloatArray>, reuse: boolean): RowMatrix {
  return reuse && isFloat32(matrix) ? matrix : allocateRows(Float32Array, matrix.rows, matrix.columns);
}

/** Scales the rows `[first, end)`. The first of them that does not stay finite; null when all do. */
export function scaleRange({ from, to, scale, scaling }: RowScaling, first: number, end: number): number | null {
  const scaleRow = scaling === 'divide' ? divideRow : multiplyRow;
  let overflow: number | null = null;
  for (let i = first; i < end; i++) {
    const factor = scale[i]!;
    const row = rowOf(to, i);
    if (factor === 0) row.fill(0);
    else if (!scaleRow(rowOf(from, i), factor, row)) overflow ??= i;
  }
  return overflow;
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
