import type { ExactDots } from './exact-dots';
import { HALF_ABSOLUTE, HALF_RELATIVE, halfTable, halfUpperTable } from './half';
import type { RowScan, ScanResult } from './row-scan';
import { safetyOfRow } from './scan-frame';
import type { ColumnFrame, KnownEdges, ListedPairs, RowValues } from './scan-frame';
import type { SharedProblem } from './shared-problem';
import { BLOCK, PARAMETER } from './shared-problem';

/** The final matching as the report needs it. */
export interface ReportInput {
  /** Position matched to each row, −1 where unmatched. `[rows]` */
  readonly positionOf: Int32Array;
  /**
   * Value s − ‖a‖²/2 of the match of each position where it may still be the column's nearest row, Infinity elsewhere; and
   * the same on the grid, 2S − A. `[paddedColumns]`
   */
  readonly matchValue: Float64Array;
  readonly matchGrid: Float64Array;
  readonly rowOf: Int32Array;
  /** Largest s − price_i of the known edges of each position but its match: where the report starts. `[columns]` */
  readonly columnSecond: Float64Array;
}

export interface Report {
  /** Column (not position) of least cost for each row this worker scanned, −1 for the others. `[rows]` */
  readonly nearest: Int32Array;
  /** 1 where another row is nearer to the position than its match. `[columns]` */
  readonly refuted: Uint8Array;
  /** Upper bound on s_ij − price_j over the pairs of a row other than its match; −Infinity for rows not scanned. */
  readonly rowSecond: Float64Array;
  /** Upper bound on s_ij − price_i over the pairs of a position other than its match. `[columns]` */
  readonly columnSecond: Float64Array;
}

/**
 * One scan under the final prices for what is reported beside the matching: every row's nearest column, whether a match
 * is the nearest row of its column (both exact, lowest index on ties), and bounds on the second-best pair of every row
 * and column.
 */
export class ReportScan implements RowScan {
  coldPairs = 0;
  private readonly report: Report;
  private readonly seen: Int32Array;
  private readonly seenGrid: Float64Array;
  private readonly halfNorm: Float64Array;
  private readonly normGrid: Float64Array;
  private readonly leastHalfNorm: Float64Array;
  private readonly mostHalfNorm: Float64Array;
  private readonly matchValue: Float64Array;
  private readonly leastMatchValue: Float64Array;
  private readonly leastColumnSecond: Float64Array;
  private readonly open: Int32Array;
  private readonly columnOf: Int32Array;
  private readonly listedFor: Int32Array;
  private readonly half = halfTable();
  private readonly upper = halfUpperTable();
  private readonly step: number;

  constructor(
    private readonly problem: SharedProblem,
    private readonly frame: ColumnFrame,
    private readonly known: KnownEdges,
    private readonly dots: ExactDots,
    private readonly input: ReportInput
  ) {
    const { rows, columns, paddedColumns, blocks, order, columnSquared } = problem;
    this.step = problem.parameters[PARAMETER.step]!;
    this.report = {
      nearest: new Int32Array(rows).fill(-1),
      refuted: new Uint8Array(columns),
      rowSecond: new Float64Array(rows).fill(-Infinity),
      columnSecond: input.columnSecond.slice(),
    };
    this.seen = new Int32Array(paddedColumns).fill(-1);
    this.seenGrid = new Float64Array(paddedColumns);
    this.halfNorm = new Float64Array(paddedColumns).fill(Infinity);
    this.normGrid = new Float64Array(paddedColumns);
    for (let p = 0; p < columns; p++) {
      this.halfNorm[p] = columnSquared[order[p]!]! / 2;
      this.normGrid[p] = Math.round(columnSquared[order[p]!]! / this.step);
    }
    this.matchValue = input.matchValue.slice();
    this.leastHalfNorm = new Float64Array(blocks);
    this.mostHalfNorm = new Float64Array(blocks);
    this.leastMatchValue = new Float64Array(blocks);
    this.leastColumnSecond = new Float64Array(blocks);
    for (let b = 0; b < blocks; b++) {
      const end = Math.min(columns, (b + 1) * BLOCK);
      this.leastHalfNorm[b] = Math.min(...this.halfNorm.subarray(b * BLOCK, end));
      this.mostHalfNorm[b] = Math.max(...this.halfNorm.subarray(b * BLOCK, end));
      this.leastMatchValue[b] = Math.min(...this.matchValue.subarray(b * BLOCK, end));
      this.leastColumnSecond[b] = Math.min(...this.report.columnSecond.subarray(b * BLOCK, end));
    }
    this.listedFor = new Int32Array(paddedColumns).fill(-1);
    this.open = new Int32Array(paddedColumns);
    this.columnOf = new Int32Array(paddedColumns);
  }

  scanRow(i: number, row: RowValues): void {
    const { problem, frame, report } = this;
    const scale = problem.rowScale[i]!;
    const rowPrice = problem.rowPrice[i]!;
    const rowHalfNorm = problem.rowSquared[i]! / 2;
    const safety = safetyOfRow(problem, frame, i, rowPrice + rowHalfNorm);
    const errorP = problem.rowErrorP[i]! / scale;
    const errorQ = problem.rowErrorQ[i]! / scale;
    this.markKnown(i);
    const known = Math.max(this.knownNearest(i), this.listedNearest(row, { scale, errorP, errorQ }));
    const floor = this.blocksNearest(row, { scale, errorP, errorQ }, known) - safety;
    const terms: RowTerms = { scale, errorP, errorQ, rowPrice, rowHalfNorm, safety, nearestFloor: floor / scale };
    report.rowSecond[i] = this.knownSecond(i);
    if (row.listed !== null) this.takeListed(i, row, row.listed, terms);
    this.scanBlocks(i, row, terms);
    report.nearest[i] = this.nearestOf(i);
  }

  take(): ScanResult {
    return { report: this.report };
  }

  private markKnown(i: number): void {
    const { start, column, similarity } = this.known;
    for (let e = start[i]!; e < start[i + 1]!; e++) {
      this.seen[column[e]!] = i;
      this.seenGrid[column[e]!] = similarity![e]!;
    }
    this.opened = 0;
  }

  /** Positions of row i that were evaluated during this scan. */
  private opened = 0;

  /** Largest s − ‖b‖²/2 of the known edges of row i. */
  private knownNearest(i: number): number {
    const { start, column } = this.known;
    let most = -Infinity;
    for (let e = start[i]!; e < start[i + 1]!; e++) {
      const p = column[e]!;
      most = Math.max(most, this.seenGrid[p]! * this.step - this.halfNorm[p]!);
    }
    return most;
  }

  /** The same of the listed pairs, at least. */
  private listedNearest({ values, start, listed }: RowValues, { scale, errorP, errorQ }: TileTerms): number {
    const { errorX, errorY } = this.frame;
    let most = -Infinity;
    for (let n = 0; n < (listed?.count ?? 0); n++) {
      const p = listed!.position[listed!.start + n]!;
      const value = this.half[values[start + n]!]!;
      const error = Math.abs(value) * HALF_RELATIVE + HALF_ABSOLUTE + errorP * errorX[p]! + errorQ * errorY[p]!;
      most = Math.max(most, scale * (value - error) - this.halfNorm[p]!);
    }
    return most;
  }

  /** The same of all blocks, at least `most`. */
  private blocksNearest(row: RowValues, { scale, errorP, errorQ }: TileTerms, most: number): number {
    const { blockLargest, blockStart, listed } = row;
    const { mostX, mostY } = this.frame;
    // Where pairs are listed, the blocks' largest values were rounded up.
    const [relative, absolute] = listed === null ? [0, 0] : [3 * HALF_RELATIVE, 3 * HALF_ABSOLUTE];
    let result = most;
    // The largest value of a block belongs to one of its elements; the last block may owe it to padding.
    const whole = Math.floor(this.problem.columns / BLOCK);
    for (let b = 0; b < whole; b++) {
      const largest = blockLargest[blockStart + b]!;
      const rounding = Math.abs(largest) * relative + absolute;
      const value = scale * (largest - rounding - errorP * mostX[b]! - errorQ * mostY[b]!) - this.mostHalfNorm[b]!;
      if (value > result) result = value;
    }
    return result;
  }

  private knownSecond(i: number): number {
    const { start, column } = this.known;
    const match = this.input.positionOf[i]!;
    let most = -Infinity;
    for (let e = start[i]!; e < start[i + 1]!; e++) {
      const p = column[e]!;
      if (p !== match) most = Math.max(most, this.seenGrid[p]! * this.step - this.frame.price[p]!);
    }
    return most;
  }

  private takeListed(i: number, { values, start }: RowValues, listed: ListedPairs, terms: RowTerms): void {
    for (let n = 0; n < listed.count; n++) {
      const p = listed.position[listed.start + n]!;
      this.listedFor[p] = i;
      this.takePair(i, p, this.upper[values[start + n]!]!, terms);
    }
  }

  private scanBlocks(i: number, row: RowValues, terms: RowTerms): void {
    const { blockLargest, blockStart, listed } = row;
    const { scale, errorP, errorQ, rowPrice, rowHalfNorm, safety, nearestFloor } = terms;
    const { mostX, mostY, leastPrice } = this.frame;
    const { leastHalfNorm, leastMatchValue, leastColumnSecond } = this;
    const { rowSecond } = this.report;
    const inverse = 1 / scale;
    for (let b = 0; b < this.problem.blocks; b++) {
      const bound = blockLargest[blockStart + b]! + errorP * mostX[b]! + errorQ * mostY[b]!;
      const similarity = scale * bound;
      const matters =
        bound - inverse * leastHalfNorm[b]! >= nearestFloor ||
        similarity - rowHalfNorm + safety >= leastMatchValue[b]! ||
        similarity - leastPrice[b]! > rowSecond[i]! ||
        similarity - rowPrice > leastColumnSecond[b]!;
      if (!matters) continue;
      if (listed === null) this.takeBlock(i, b, row, terms);
      else this.takeOthers(i, b, blockLargest[blockStart + b]!, terms);
      let least = Infinity;
      const end = Math.min(this.problem.columns, (b + 1) * BLOCK);
      for (let p = b * BLOCK; p < end; p++) least = Math.min(least, this.report.columnSecond[p]!);
      leastColumnSecond[b] = least;
    }
  }

  private takeBlock(i: number, b: number, { values, start }: RowValues, terms: RowTerms): void {
    const isHalf = values instanceof Uint16Array;
    const end = Math.min(this.problem.columns, (b + 1) * BLOCK);
    for (let p = b * BLOCK; p < end; p++) {
      const value = values[start + p]!;
      this.takePair(i, p, isHalf ? this.upper[value]! : value, terms);
    }
  }

  /** The pairs of a block that are not listed: its largest value bounds them all. */
  private takeOthers(i: number, b: number, largest: number, terms: RowTerms): void {
    const before = this.opened;
    const end = Math.min(this.problem.columns, (b + 1) * BLOCK);
    for (let p = b * BLOCK; p < end; p++) {
      if (this.seen[p] !== i && this.listedFor[p] !== i) this.takePair(i, p, largest, terms);
    }
    this.coldPairs += this.opened - before;
  }

  /** One pair, of whose tile value an upper bound is given. */
  private takePair(i: number, p: number, value: number, terms: RowTerms): void {
    const { frame, seen, report } = this;
    let bound: number;
    if (seen[p] === i) bound = this.seenGrid[p]! * this.step;
    else {
      bound = terms.scale * (value + terms.errorP * frame.errorX[p]! + terms.errorQ * frame.errorY[p]!);
      const nearest = (bound - this.halfNorm[p]!) / terms.scale >= terms.nearestFloor;
      const nearer = bound - terms.rowHalfNorm + terms.safety >= this.matchValue[p]!;
      if (nearest || nearer) bound = this.evaluate(i, p) * this.step;
    }
    if (this.matchValue[p]! < Infinity && seen[p] === i) this.refute(i, p);
    if (p === this.input.positionOf[i]) return;
    if (bound - frame.price[p]! > report.rowSecond[i]!) report.rowSecond[i] = bound - frame.price[p]!;
    if (bound - terms.rowPrice > report.columnSecond[p]!) report.columnSecond[p] = bound - terms.rowPrice;
  }

  private evaluate(i: number, p: number): number {
    this.columnOf[0] = this.problem.order[p]!;
    const value = this.dots.similarities(i, this.columnOf, 1)[0]!;
    this.seen[p] = i;
    this.seenGrid[p] = value;
    this.open[this.opened++] = p;
    return value;
  }

  /** Marks position p when row i, whose exact similarity is known, is nearer to it than its match. */
  private refute(i: number, p: number): void {
    const match = this.input.rowOf[p]!;
    if (i === match) return;
    const value = 2 * this.seenGrid[p]! - Math.round(this.problem.rowSquared[i]! / this.step);
    const matched = this.input.matchGrid[p]!;
    if (value < matched || (value === matched && i > match)) return;
    this.report.refuted[p] = 1;
    this.matchValue[p] = Infinity;
    const b = Math.floor(p / BLOCK);
    const end = Math.min(this.problem.columns, (b + 1) * BLOCK);
    let least = Infinity;
    for (let q = b * BLOCK; q < end; q++) least = Math.min(least, this.matchValue[q]!);
    this.leastMatchValue[b] = least;
  }

  /** The nearest of the columns whose exact similarity with row i is known. */
  private nearestOf(i: number): number {
    const { start, column } = this.known;
    let nearest = -1;
    let most = -Infinity;
    const consider = (p: number): void => {
      const value = 2 * this.seenGrid[p]! - this.normGrid[p]!;
      const candidate = this.problem.order[p]!;
      if (value < most || (value === most && candidate > nearest)) return;
      most = value;
      nearest = candidate;
    };
    for (let e = start[i]!; e < start[i + 1]!; e++) consider(column[e]!);
    for (let n = 0; n < this.opened; n++) consider(this.open[n]!);
    return nearest;
  }
}

/** Scale and error factors of a row's tile values, in the units of the tile. */
interface TileTerms {
  readonly scale: number;
  readonly errorP: number;
  readonly errorQ: number;
}

interface RowTerms extends TileTerms {
  readonly rowPrice: number;
  readonly rowHalfNorm: number;
  readonly safety: number;
  /** Least tile value, less half the column's norm, that may be the row's nearest. */
  readonly nearestFloor: number;
}
