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
export function transportPrices(rows: Float64Array, columns: Float64Array, noise: number): Float64Array {
  const price = new Float64Array(columns.length);
  let sum = (noise * (rows[0] ?? 0) * (columns[0] ?? 0)) / 2;
  for (let rank = 0; rank < columns.length; rank++) {
    const before = Math.max(0, rank - 1);
    sum += (noise / 2) * (rows[rank]! + rows[before]!) * (columns[rank]! - columns[before]!);
    price[rank] = sum;
  }
  return price;
}
