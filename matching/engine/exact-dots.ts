import { toGrid } from '../assignment-problem';
import type { FeaturePart, Features } from '../features';
import type { RowMatrix } from '../row-matrix';

/**
 * Similarities in the arithmetic that defines exactness: float64, Σ_parts weight · <a_i, b_j>, parts in order, elements
 * ascending, one accumulator for each product; then rounded once to the grid.
 */
export class ExactDots {
  private readonly row: readonly Float64Array[];
  private current = -1;
  private sums = new Float64Array(16);

  constructor(
    private readonly rows: Features,
    private readonly columns: Features,
    private readonly step: number
  ) {
    this.row = rows.parts.map((part) => new Float64Array(part.rows.columns));
  }

  /** Grid similarities of row `i` with `count` columns, in a buffer that the next call overwrites. */
  similarities(i: number, columns: Int32Array, count: number): Float64Array {
    const sums = this.products(i, columns, count);
    for (let c = 0; c < count; c++) sums[c] = toGrid(sums[c]!, this.step);
    return sums;
  }

  /** The same before they are rounded to the grid. */
  products(i: number, columns: Int32Array, count: number): Float64Array {
    if (this.sums.length < count) this.sums = new Float64Array(2 * count);
    const { sums } = this;
    sums.fill(0, 0, count);
    this.load(i);
    this.columns.parts.forEach((part, index) => {
      addProducts(this.row[index]!, part, columns, count, sums);
    });
    return sums;
  }

  private load(i: number): void {
    if (this.current === i) return;
    this.current = i;
    this.rows.parts.forEach(({ rows }, index) => {
      this.row[index]!.set(viewOf(rows, i));
    });
  }
}

/** sums[c] += weight · <a, column c>, four columns at a time so that four sums are in flight. */
function addProducts(a: Float64Array, part: FeaturePart, columns: Int32Array, count: number, sums: Float64Array): void {
  const { rows, weight } = part;
  let c = 0;
  for (; c + 4 <= count; c += 4) {
    const b0 = viewOf(rows, columns[c]!);
    const b1 = viewOf(rows, columns[c + 1]!);
    const b2 = viewOf(rows, columns[c + 2]!);
    const b3 = viewOf(rows, columns[c + 3]!);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < a.length; k++) {
      const x = a[k]!;
      s0 += x * b0[k]!;
      s1 += x * b1[k]!;
      s2 += x * b2[k]!;
      s3 += x * b3[k]!;
    }
    sums[c] = sums[c]! + weight * s0;
    sums[c + 1] = sums[c + 1]! + weight * s1;
    sums[c + 2] = sums[c + 2]! + weight * s2;
    sums[c + 3] = sums[c + 3]! + weight * s3;
  }
  for (; c < count; c++) {
    const b = viewOf(rows, columns[c]!);
    let sum = 0;
    for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
    sums[c] = sums[c]! + weight * sum;
  }
}

function viewOf({ blocks, rowsPerBlock, columns }: RowMatrix, index: number): Float32Array {
  const start = (index % rowsPerBlock) * columns;
  return blocks[Math.floor(index / rowsPerBlock)]!.subarray(start, start + columns);
}
