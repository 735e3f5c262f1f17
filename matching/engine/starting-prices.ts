import { PARAMETER } from './shared-problem';
import type { SharedProblem } from './shared-problem';
import type { OptionalSides } from './sparse-state';

export interface StartingPrices {
  /** Grid units of one chance similarity, as a difference of values W. */
  readonly unit: number;
  /** Column duals on the grid; zero where a side may stay out. `[columns]` */
  readonly columnDual: Float64Array;
}

/** The prices a match starts with, from the norms and the typical chance cosine alone. */
export function startingPrices(problem: SharedProblem, noise: number, optional: OptionalSides): StartingPrices {
  const { rows, columns, order, rowSquared, columnSquared, parameters } = problem;
  const step = parameters[PARAMETER.step]!;
  const rowNorm = sortNorms(rowSquared).norm;
  const columnNorm = Float64Array.from(order, (j) => Math.sqrt(columnSquared[j]!));
  const middle = noise * rowNorm[rows >> 1]! * columnNorm[columns >> 1]!;
  const most = rowNorm[rows - 1]! * columnNorm[columns - 1]!;
  const unit = (2 * Math.max(middle, 1e-9 * most)) / step || 1;
  if (optional.rows || optional.columns) return { unit, columnDual: new Float64Array(columns) };
  const price = transportPrices(rowNorm, columnNorm, noise);
  return { unit, columnDual: price.map((value) => Math.round((2 / step) * value)) };
}

/** Norms of one side, ascending, with where each belongs. */
export interface SortedNorms {
  readonly index: Int32Array;
  readonly norm: Float64Array;
}

export function sortNorms(squared: Float64Array): SortedNorms {
  const norms = squared.map(Math.sqrt);
  const index = Int32Array.from(norms.keys()).sort((a, b) => norms[a]! - norms[b]! || a - b);
  return { index, norm: Float64Array.from(index, (i) => norms[i]!) };
}

/**
 * Starting prices by rank of the column's norm, in similarity units, where all must be matched. Were the similarity of
 * every pair `noise`·‖a‖‖b‖, the problem would be the optimal transport of the norms on a line, whose prices rise with
 * the norm b at the rate noise·a of the row of equal rank.
 */
function transportPrices(rows: Float64Array, columns: Float64Array, noise: number): Float64Array {
  const price = new Float64Array(columns.length);
  let sum = (noise * (rows[0] ?? 0) * (columns[0] ?? 0)) / 2;
  for (let rank = 0; rank < columns.length; rank++) {
    const before = Math.max(0, rank - 1);
    sum += (noise / 2) * (rows[rank]! + rows[before]!) * (columns[rank]! - columns[before]!);
    price[rank] = sum;
  }
  return price;
}
