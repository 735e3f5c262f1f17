import { BLOCK } from '../matching/engine/shared-problem';
import type { SharedProblem } from '../matching/engine/shared-problem';
import type { TileKernel, TileProduct } from '../matching/ports';

/**
 * The plain JavaScript kernel: float64 sums of the float32 codes, rounded once. Slow (about one multiply-add a
 * nanosecond), needs no runtime and no start-up, and is what other devices are checked against.
 */
export function createReferenceKernel(): TileKernel {
  return { device: 'javascript', open: (problem) => Promise.resolve(new ReferenceProduct(problem)) };
}

class ReferenceProduct implements TileProduct {
  readonly values: Float32Array;
  readonly blockLargest: Float32Array;
  readonly halves = null;
  private readonly sums: Float64Array;

  constructor(private readonly problem: SharedProblem) {
    const { tileRows, paddedColumns, blocks } = problem;
    this.values = new Float32Array(tileRows * paddedColumns);
    this.blockLargest = new Float32Array(tileRows * blocks);
    this.sums = new Float64Array(paddedColumns);
  }

  multiply(codes: Float32Array | Uint8Array): Promise<void> {
    const { tileRows, width, paddedColumns, blocks } = this.problem;
    for (let r = 0; r < tileRows; r++) {
      this.multiplyRow(codes.subarray(r * width, (r + 1) * width), r * paddedColumns);
      for (let b = 0; b < blocks; b++)
        this.blockLargest[r * blocks + b] = this.largestOf(r * paddedColumns + b * BLOCK);
    }
    return Promise.resolve();
  }

  close(): void {
    // Nothing is held outside JavaScript.
  }

  private multiplyRow(row: Float32Array | Uint8Array, offset: number): void {
    const { sums, values } = this;
    const { paddedColumns, columnCodes } = this.problem;
    sums.fill(0);
    for (let k = 0; k < row.length; k++) {
      const a = row[k]!;
      if (a === 0) continue;
      const base = k * paddedColumns;
      for (let p = 0; p < paddedColumns; p++) sums[p] = sums[p]! + a * columnCodes[base + p]!;
    }
    values.set(sums, offset);
  }

  private largestOf(start: number): number {
    let largest = -Infinity;
    for (let n = start; n < start + BLOCK; n++) if (this.values[n]! > largest) largest = this.values[n]!;
    return largest;
  }
}
