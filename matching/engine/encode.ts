import type { Features } from '../features';
import { rowOf } from '../row-matrix';
import type { SharedProblem } from './shared-problem';
import { PARAMETER } from './shared-problem';

/** Half the range of the integer codes. */
const LARGEST_CODE = 127;
/** Zero point of the row codes, which are unsigned. */
export const ROW_ZERO = 128;
/** Relative slack for the rounding of the bounds themselves. */
const INFLATION = 1 + 1e-9;

/** Concatenation of the parts of feature `i`, each times the square root of its weight, in float64. */
export function gatherVector(features: Features, i: number, out: Float64Array): void {
  let offset = 0;
  for (const { rows, weight } of features.parts) {
    const row = rowOf(rows, i);
    if (weight === 1) out.set(row, offset);
    else {
      const factor = Math.sqrt(weight);
      for (let k = 0; k < row.length; k++) out[offset + k] = factor * row[k]!;
    }
    offset += row.length;
  }
}

/** Squared norm (as `squaredNorms` sums it) and largest |element| of feature `i`. */
export function measureRow(features: Features, i: number): { squared: number; largest: number } {
  let squared = 0;
  let largest = 0;
  for (const { rows, weight } of features.parts) {
    const row = rowOf(rows, i);
    let sum = 0;
    let most = 0;
    for (const x of row) {
      sum += x * x;
      const size = Math.abs(x);
      if (size > most) most = size;
    }
    squared += weight * sum;
    largest = Math.max(largest, Math.sqrt(weight) * most);
  }
  return { squared, largest };
}

/** Step of the integer codes of a row whose largest |element| is given; 1 for a zero row. */
export function codeStep(largest: number): number {
  return largest > 0 ? largest / LARGEST_CODE : 1;
}

/** Codes of one row as unsigned bytes around {@link ROW_ZERO}. */
export function encodeInteger(vector: Float64Array, step: number, out: Uint8Array, offset: number): void {
  const inverse = 1 / step;
  for (let k = 0; k < vector.length; k++) out[offset + k] = vector[k]! * inverse + (ROW_ZERO + 0.5);
}

/** ‖vector − step·codes‖ and ‖step·codes‖, rounded up. */
export function codeErrors(vector: Float64Array, step: number): { residual: number; codes: number } {
  const inverse = 1 / step;
  let residual = 0;
  let codes = 0;
  for (const x of vector) {
    const code = ((x * inverse + (ROW_ZERO + 0.5)) | 0) - ROW_ZERO;
    const rest = x - step * code;
    residual += rest * rest;
    codes += code * code;
  }
  return { residual: Math.sqrt(residual) * INFLATION, codes: step * Math.sqrt(codes) * INFLATION };
}

/** Fills in scale and error bound of row `i`; see `SharedProblem.rowScale`. */
export function boundRow(problem: SharedProblem, i: number, vector: Float64Array): void {
  const norm = Math.sqrt(problem.rowSquared[i]!) * INFLATION;
  if (problem.arithmetic.kind === 'float32') {
    const scale = powerOfTwo(problem.rowLargest[i]!) * problem.parameters[PARAMETER.codeFactor]!;
    problem.rowScale[i] = scale;
    problem.rowErrorP[i] = floatError(problem) * norm;
    // Products that underflow: at most one smallest number each, in the units of the tile.
    problem.rowErrorQ[i] = scale * problem.width * 2 ** -120;
    return;
  }
  gatherVector(problem.rowFeatures, i, vector);
  const step = codeStep(problem.rowLargest[i]!);
  problem.rowScale[i] = step / problem.parameters[PARAMETER.codeFactor]!;
  problem.rowErrorP[i] = codeErrors(vector, step).residual;
  problem.rowErrorQ[i] = norm;
}

/**
 * Encodes the column at position `p` and fills in its share of the error bound. float32: |fl(Σ a·b) − Σ a·b| ≤
 * γ‖a‖‖b‖ for every order of summation. integer: a·b − â·b̂ = (a − â)·b̂ + a·(b − b̂), bounded by Cauchy-Schwarz; the sum of
 * codes is exact, and its conversion to float32 and its scaling round twice.
 */
export function encodeColumn(problem: SharedProblem, p: number, vector: Float64Array): void {
  const { columnCodes, paddedColumns, width } = problem;
  const column = problem.order[p]!;
  const norm = Math.sqrt(problem.columnSquared[column]!) * INFLATION;
  gatherVector(problem.columnFeatures, column, vector);
  if (columnCodes instanceof Float32Array) {
    const factor = 1 / problem.parameters[PARAMETER.codeFactor]!;
    for (let k = 0; k < width; k++) columnCodes[k * paddedColumns + p] = vector[k]! * factor;
    problem.columnErrorX[p] = norm;
    problem.columnErrorY[p] = 1;
    return;
  }
  // The graph scales by a float32; rounding it up keeps every code within its range.
  const step = Math.fround(codeStep(problem.columnLargest[column]!) * (1 + 1e-7));
  const inverse = 1 / step;
  for (let k = 0; k < width; k++) {
    columnCodes[k * paddedColumns + p] = ((vector[k]! * inverse + (ROW_ZERO + 0.5)) | 0) - ROW_ZERO;
  }
  const { residual, codes } = codeErrors(vector, step);
  problem.columnScale[p] = step * problem.parameters[PARAMETER.codeFactor]!;
  problem.columnErrorX[p] = codes;
  // ‖a‖·‖b̂‖·3·2⁻²⁴ more for the two roundings to float32.
  problem.columnErrorY[p] = residual + 2e-7 * (codes + residual);
}

/** Codes of `count` rows from `first` on, one after the other, as the tile product takes them. */
export function encodeTile(
  problem: SharedProblem,
  first: number,
  count: number,
  vector: Float64Array,
  out: Float32Array | Uint8Array
): void {
  const { width } = problem;
  for (let r = 0; r < count; r++) {
    const i = first + r;
    gatherVector(problem.rowFeatures, i, vector);
    if (out instanceof Uint8Array) encodeInteger(vector, codeStep(problem.rowLargest[i]!), out, r * width);
    else {
      const inverse = problem.parameters[PARAMETER.codeFactor]! / problem.rowScale[i]!;
      for (let k = 0; k < width; k++) out[r * width + k] = vector[k]! * inverse;
    }
  }
}

/** γ_n for n products and the sums of them in float32, in any order, plus the rounding of both inputs. */
function floatError({ width, arithmetic }: SharedProblem): number {
  const inputs = arithmetic.kind === 'float32' ? 2 * arithmetic.inputRoundoff * (1 + arithmetic.inputRoundoff) : 0;
  const n = width + 8;
  return (n * 2 ** -24) / (1 - n * 2 ** -24) + inputs;
}

/** The power of two just above a size, so that the scaled value lies in [0.5, 1]; 1 for zero. */
export function powerOfTwo(size: number): number {
  return size > 0 ? 2 ** Math.ceil(Math.log2(size)) : 1;
}
