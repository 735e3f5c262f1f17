import { BestValues } from './best-values';
import { EdgeBuffer } from './edge-list';
import type { EdgeList } from './edge-list';
import type { ExactDots } from './exact-dots';
import { halfTable, halfUpperTable } from './half';
import type { RowScan, ScanResult } from './row-scan';
import { safetyOfRow } from './scan-frame';
import type { ColumnFrame, KnownEdges, ListedPairs, RowValues } from './scan-frame';
import type { SharedProblem } from './shared-problem';
import { BLOCK, PARAMETER } from './shared-problem';

export interface PricingOptions {
  /** True: pairs that exceed their prices by approximate value. False: pairs whose upper bound reaches their prices, evaluated exactly. */
  readonly approximate: boolean;
  /** Similarity by which a pair may stay below its prices and still count (exact), or must exceed them (approximate). */
  readonly slack: number;
  /** Approximate pairs of one row that are returned at most: those that exceed their prices most. */
  readonly most: number;
  /** The same for one column. */
  readonly mostOfColumn: number;
  /** Exact pairs that stay further below their prices than this are not told. */
  readonly keep: number;
}

/**
 * Pricing: finds the pairs that the prices do not rule out. Blocks are tested by their largest value, the elements of
 * open blocks one by one, and what the bound on the tile's error leaves open is evaluated in float64. Where only listed
 * pairs have values, they are tested one by one, and the others of open blocks by the largest value of their block;
 * approximate scans leave those to the exact ones.
 */
export class PricingScan implements RowScan {
  coldPairs = 0;
  private readonly edges: EdgeBuffer;
  private readonly seen: Int32Array;
  private readonly open: Int32Array;
  private readonly openBlocks: Int32Array;
  private readonly columnOf: Int32Array;
  private readonly excess: Float64Array;
  private readonly best: BestValues;
  /** Approximate values of the open pairs. */
  private readonly openValue: Float64Array;
  private readonly listedFor: Int32Array;
  /** What bits of half precision stand for: the value, or in exact scans an upper bound on it. */
  private readonly table: Float32Array;

  constructor(
    private readonly problem: SharedProblem,
    private readonly frame: ColumnFrame,
    private readonly known: KnownEdges,
    private readonly dots: ExactDots,
    private readonly options: PricingOptions
  ) {
    this.edges = new EdgeBuffer(!options.approximate);
    this.table = options.approximate ? halfTable() : halfUpperTable();
    this.seen = new Int32Array(problem.paddedColumns).fill(-1);
    this.listedFor = new Int32Array(problem.paddedColumns).fill(-1);
    this.open = new Int32Array(problem.paddedColumns);
    this.openValue = new Float64Array(problem.paddedColumns);
    this.openBlocks = new Int32Array(problem.blocks);
    this.columnOf = new Int32Array(problem.paddedColumns);
    this.excess = new Float64Array(problem.paddedColumns);
    this.best = new BestValues(options.most);
  }

  scanRow(i: number, row: RowValues): void {
    const { approximate, slack } = this.options;
    const { problem, frame } = this;
    const rowPrice = problem.rowPrice[i]!;
    const inverse = 1 / problem.rowScale[i]!;
    const margin = approximate ? -slack : slack + safetyOfRow(problem, frame, i, rowPrice);
    const test: RowTest = {
      inverse,
      errorP: approximate ? 0 : problem.rowErrorP[i]! * inverse,
      errorQ: approximate ? 0 : problem.rowErrorQ[i]! * inverse,
      threshold: (rowPrice - margin) * inverse,
    };
    const { listed } = row;
    const blocks = listed !== null && approximate ? 0 : this.findOpenBlocks(row, test);
    if (blocks === 0 && listed === null) return;
    for (let e = this.known.start[i]!; e < this.known.start[i + 1]!; e++) this.seen[this.known.column[e]!] = i;
    const count =
      listed === null
        ? this.findOpen(i, row, blocks, test)
        : this.findCold(i, row, blocks, test, this.findListed(i, row, listed, test));
    if (count === 0) return;
    if (approximate) this.takeApproximate(i, count);
    else this.takeExact(i, count, rowPrice);
  }

  take(): ScanResult {
    const edges = this.edges.take();
    return { edges: [this.options.approximate ? this.bestOfColumns(edges) : edges] };
  }

  /** A column whose price is far too low is open to every row: only the rows that exceed it most are told. */
  private bestOfColumns(edges: EdgeList): EdgeList {
    const { count, row, column, similarity } = edges;
    const { rowPrice, columns, parameters } = this.problem;
    const step = parameters[PARAMETER.step]!;
    const start = new Int32Array(columns + 1);
    for (let e = 0; e < count; e++) start[column[e]! + 1] = start[column[e]! + 1]! + 1;
    for (let p = 0; p < columns; p++) start[p + 1] = start[p + 1]! + start[p]!;
    const next = start.slice(0, columns);
    const byColumn = new Int32Array(count);
    for (let e = 0; e < count; e++) {
      byColumn[next[column[e]!]!] = e;
      next[column[e]!] = next[column[e]!]! + 1;
    }
    const kept = new EdgeBuffer(false);
    const bestOfColumn = new BestValues(this.options.mostOfColumn);
    for (let p = 0; p < columns; p++) {
      const own = byColumn.subarray(start[p], start[p + 1]);
      const excess = Float64Array.from(own, (e) => similarity[e]! * step - rowPrice[row[e]!]!);
      const threshold = bestOfColumn.threshold(excess, own.length);
      own.forEach((e, n) => {
        if (excess[n]! >= threshold) kept.push(row[e]!, p, similarity[e]!);
      });
    }
    return kept.take();
  }

  private findOpenBlocks({ blockLargest, blockStart }: RowValues, test: RowTest): number {
    const { leastPrice, mostX, mostY } = this.frame;
    const { openBlocks } = this;
    const { blocks } = this.problem;
    const { inverse, errorP, errorQ, threshold } = test;
    let count = 0;
    for (let b = 0; b < blocks; b++) {
      const bound = blockLargest[blockStart + b]! + errorP * mostX[b]! + errorQ * mostY[b]!;
      if (bound - inverse * leastPrice[b]! >= threshold) openBlocks[count++] = b;
    }
    return count;
  }

  private findOpen(i: number, { values, start }: RowValues, blocks: number, test: RowTest): number {
    const { seen, open, openBlocks, table } = this;
    const { price, errorX, errorY } = this.frame;
    const { inverse, errorP, errorQ, threshold } = test;
    const isHalf = values instanceof Uint16Array;
    let count = 0;
    for (let n = 0; n < blocks; n++) {
      const from = openBlocks[n]! * BLOCK;
      const end = Math.min(this.problem.columns, from + BLOCK);
      for (let p = from; p < end; p++) {
        if (seen[p] === i) continue;
        const kept = values[start + p]!;
        const value = isHalf ? table[kept]! : kept;
        if (value + errorP * errorX[p]! + errorQ * errorY[p]! - inverse * price[p]! < threshold) continue;
        this.openValue[count] = value;
        open[count++] = p;
      }
    }
    return count;
  }

  private findListed(i: number, { values, start }: RowValues, listed: ListedPairs, test: RowTest): number {
    const { seen, open, listedFor, table } = this;
    const { price, errorX, errorY } = this.frame;
    const { inverse, errorP, errorQ, threshold } = test;
    let count = 0;
    for (let n = 0; n < listed.count; n++) {
      const p = listed.position[listed.start + n]!;
      listedFor[p] = i;
      if (seen[p] === i) continue;
      const value = table[values[start + n]!]!;
      if (value + errorP * errorX[p]! + errorQ * errorY[p]! - inverse * price[p]! < threshold) continue;
      this.openValue[count] = value;
      open[count++] = p;
    }
    return count;
  }

  /** Adds the pairs of open blocks that are not listed and that their block's largest value does not rule out. */
  private findCold(i: number, row: RowValues, blocks: number, test: RowTest, count: number): number {
    const { seen, open, openBlocks, listedFor } = this;
    const { price, errorX, errorY } = this.frame;
    const { inverse, errorP, errorQ, threshold } = test;
    let end = count;
    for (let n = 0; n < blocks; n++) {
      const b = openBlocks[n]!;
      const largest = row.blockLargest[row.blockStart + b]!;
      for (let p = b * BLOCK; p < Math.min(this.problem.columns, (b + 1) * BLOCK); p++) {
        if (seen[p] === i || listedFor[p] === i) continue;
        if (largest + errorP * errorX[p]! + errorQ * errorY[p]! - inverse * price[p]! >= threshold) open[end++] = p;
      }
    }
    this.coldPairs += end - count;
    return end;
  }

  private takeApproximate(i: number, count: number): void {
    const { open, openValue, excess } = this;
    const { price } = this.frame;
    const scale = this.problem.rowScale[i]!;
    const factor = scale / this.problem.parameters[PARAMETER.step]!;
    for (let n = 0; n < count; n++) excess[n] = scale * openValue[n]! - price[open[n]!]!;
    const threshold = this.best.threshold(excess, count);
    for (let n = 0; n < count; n++) {
      if (excess[n]! >= threshold) this.edges.push(i, open[n]!, Math.round(factor * openValue[n]!));
    }
  }

  private takeExact(i: number, count: number, rowPrice: number): void {
    const { open, columnOf } = this;
    const { order, parameters } = this.problem;
    for (let n = 0; n < count; n++) columnOf[n] = order[open[n]!]!;
    const similarity = this.dots.similarities(i, columnOf, count);
    const step = parameters[PARAMETER.step]!;
    const least = rowPrice - this.options.keep;
    for (let n = 0; n < count; n++) {
      const p = open[n]!;
      if (similarity[n]! * step - this.frame.price[p]! >= least) this.edges.push(i, p, similarity[n]!);
    }
  }
}

/** What a pair of one row has to reach, in the units of the tile. */
interface RowTest {
  readonly inverse: number;
  readonly errorP: number;
  readonly errorQ: number;
  readonly threshold: number;
}
