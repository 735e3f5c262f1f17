import type { SharedProblem } from './shared-problem';
import { BLOCK, PARAMETER } from './shared-problem';

/** One row of tile values with the largest of each block, wherever they lie. */
export interface RowValues {
  /** All values of the row from `start` on, or those of the listed pairs. */
  readonly values: Float32Array | Uint16Array;
  readonly start: number;
  /** Largest value of each block; where pairs are listed, of its others. */
  readonly blockLargest: Float32Array;
  readonly blockStart: number;
  /** Null where all values are at hand; else only those of some pairs are, and blocks bound the others. */
  readonly listed: ListedPairs | null;
}

/** The pairs of a row whose values are at hand: place n holds value `values[start + n]`. */
export interface ListedPairs {
  readonly position: Int32Array;
  readonly start: number;
  readonly count: number;
}

/** Edges that need not be found again, by row: `column[start[i] … start[i + 1]]` are positions. */
export interface KnownEdges {
  readonly start: Int32Array;
  readonly column: Int32Array;
  /** Exact grid similarities of the edges; only where a scan reports. */
  readonly similarity: Float64Array | null;
}

/** What every scan derives from the prices and bounds of the columns before it looks at a row. */
export interface ColumnFrame {
  /** Price by position, Infinity for padding. */
  readonly price: Float64Array;
  readonly errorX: Float64Array;
  readonly errorY: Float64Array;
  /** Least price and largest errors of each block. */
  readonly leastPrice: Float64Array;
  readonly mostX: Float64Array;
  readonly mostY: Float64Array;
  /** Largest finite |price|. */
  readonly largestPrice: number;
  readonly largestNorm: number;
}

/** Private copies: scans read them for every block of every row. */
export function columnFrame(problem: SharedProblem, price: Float64Array): ColumnFrame {
  const { blocks, columns } = problem;
  const frame = {
    price: Float64Array.from(price),
    errorX: Float64Array.from(problem.columnErrorX),
    errorY: Float64Array.from(problem.columnErrorY),
    leastPrice: new Float64Array(blocks),
    mostX: new Float64Array(blocks),
    mostY: new Float64Array(blocks),
  };
  let largestPrice = 0;
  let largestSquare = 0;
  for (let b = 0; b < blocks; b++) {
    let least = Infinity;
    for (let p = b * BLOCK; p < (b + 1) * BLOCK; p++) {
      if (p < columns) {
        largestPrice = Math.max(largestPrice, Math.abs(frame.price[p]!));
        largestSquare = Math.max(largestSquare, problem.columnSquared[problem.order[p]!]!);
      }
      least = Math.min(least, frame.price[p]!);
      frame.mostX[b] = Math.max(frame.mostX[b]!, frame.errorX[p]!);
      frame.mostY[b] = Math.max(frame.mostY[b]!, frame.errorY[p]!);
    }
    frame.leastPrice[b] = least;
  }
  return { ...frame, largestPrice, largestNorm: Math.sqrt(largestSquare) };
}

/**
 * Similarity that covers, for every pair of row `i`, the rounding to the grid and that of the test itself: the terms it
 * sums are at most |row price|, the largest column price, and the product of the norms.
 */
export function safetyOfRow(problem: SharedProblem, frame: ColumnFrame, i: number, rowPrice: number): number {
  const product = Math.sqrt(problem.rowSquared[i]!) * frame.largestNorm;
  return 2 * problem.parameters[PARAMETER.step]! + 1e-14 * (Math.abs(rowPrice) + frame.largestPrice + product);
}
