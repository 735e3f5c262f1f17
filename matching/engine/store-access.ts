import type { TileProduct } from '../ports';
import { halfUpperTable, toHalf } from './half';
import type { ColumnFrame, RowValues } from './scan-frame';
import { BLOCK } from './shared-problem';
import type { SharedProblem } from './shared-problem';
import type { BestPairs, SimilarityStore } from './similarity-store';

/** Share of the room for best pairs that is aimed at: their number is estimated. */
const AIM = 0.75;
/** Blocks from which it is estimated. */
const SAMPLE = 256;

/** One worker's way into the store: keeps rows of fresh tiles and gives them back as scans read them. */
export class StoreAccess {
  private readonly upper = halfUpperTable();
  private readonly reduced: Float64Array;
  private readonly sample: Float64Array;
  private readonly largest: Float32Array;

  constructor(
    private readonly problem: SharedProblem,
    private readonly store: SimilarityStore
  ) {
    const { blocks } = problem;
    this.reduced = new Float64Array(blocks);
    this.sample = new Float64Array(Math.min(SAMPLE, blocks));
    this.largest = new Float32Array(blocks);
  }

  has(first: number, count: number): boolean {
    const { filled } = this.store;
    for (let i = first; i < first + count; i++) if (filled[i] === 0) return false;
    return true;
  }

  /** Keeps row `r` of a product as row `i`; `listing` tells which pairs are its best. */
  keep(i: number, r: number, product: TileProduct, listing: ColumnFrame): void {
    const { store, problem } = this;
    const { paddedColumns, blocks } = problem;
    const [chunk, row] = this.place(i);
    if (store.best === null) {
      const values = store.values[chunk]!;
      const from = values instanceof Uint16Array ? product.halves! : product.values;
      values.set(from.subarray(r * paddedColumns, (r + 1) * paddedColumns), row * paddedColumns);
      store.blockLargest[chunk]!.set(product.blockLargest.subarray(r * blocks, (r + 1) * blocks), row * blocks);
    } else this.keepBest(store.best, i, r, product, listing);
    store.filled[i] = 1;
  }

  /** Row `i` as it was kept; valid until the next call. */
  row(i: number): RowValues {
    const { best, values, blockLargest } = this.store;
    const { paddedColumns, blocks } = this.problem;
    const [chunk, row] = this.place(i);
    if (best === null) {
      const largest = blockLargest[chunk] as Float32Array;
      const [start, blockStart] = [row * paddedColumns, row * blocks];
      return { values: values[chunk]!, start, blockLargest: largest, blockStart, listed: null };
    }
    const { upper, largest } = this;
    const halves = blockLargest[chunk]!;
    for (let b = 0; b < blocks; b++) largest[b] = upper[halves[row * blocks + b]!]!;
    const start = row * best.perRow;
    const listed = { position: best.position[chunk]!, start, count: best.count[chunk]![row]! };
    return { values: best.values[chunk]!, start, blockLargest: largest, blockStart: 0, listed };
  }

  /** Lists the pairs of best reduced value; what is left of each block is bounded by its largest value. */
  private keepBest(
    best: BestPairs,
    i: number,
    r: number,
    product: TileProduct,
    { leastPrice, price }: ColumnFrame
  ): void {
    const { problem, reduced } = this;
    const { blocks, columns, paddedColumns } = problem;
    const [chunk, row] = this.place(i);
    const inverse = 1 / problem.rowScale[i]!;
    const { blockLargest, values } = product;
    for (let b = 0; b < blocks; b++) reduced[b] = blockLargest[r * blocks + b]! - inverse * leastPrice[b]!;
    const left = this.store.blockLargest[chunk]!;
    const position = best.position[chunk]!;
    const kept = best.values[chunk]!;
    const from = row * best.perRow;
    for (let wanted = AIM * best.perRow; ; wanted /= 2) {
      const cutoff = this.cutoff(wanted);
      let count = 0;
      for (let b = 0; b < blocks && count <= best.perRow; b++) {
        let most = blockLargest[r * blocks + b]!;
        if (reduced[b]! >= cutoff) {
          most = -Infinity;
          const end = Math.min(columns, (b + 1) * BLOCK);
          for (let p = b * BLOCK; p < end; p++) {
            const value = values[r * paddedColumns + p]!;
            if (value - inverse * price[p]! < cutoff) most = Math.max(most, value);
            else if (count++ < best.perRow) {
              position[from + count - 1] = p;
              kept[from + count - 1] = toHalf(value);
            }
          }
        }
        left[row * blocks + b] = toHalf(most);
      }
      best.count[chunk]![row] = count;
      if (count <= best.perRow) return;
    }
  }

  /** A reduced value that about `wanted` of the blocks reach; less than one block: none. */
  private cutoff(wanted: number): number {
    const { sample, reduced } = this;
    if (wanted < 1) return Infinity;
    const count = sample.length;
    for (let n = 0; n < count; n++) sample[n] = reduced[Math.floor(((n + 0.5) * reduced.length) / count)]!;
    sample.sort();
    return sample[Math.max(0, count - 1 - Math.floor((wanted * count) / reduced.length))]!;
  }

  private place(i: number): [number, number] {
    const chunk = Math.floor(i / this.store.rowsPerChunk);
    return [chunk, i - chunk * this.store.rowsPerChunk];
  }
}
