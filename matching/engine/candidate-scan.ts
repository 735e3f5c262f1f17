import { BestValues } from './best-values';
import { EdgeBuffer } from './edge-list';
import type { RowScan, ScanResult } from './row-scan';
import type { ColumnFrame, RowValues } from './scan-frame';
import type { SharedProblem } from './shared-problem';
import { BLOCK, PARAMETER } from './shared-problem';

/** Best blocks of a row whose elements become candidates, and best rows of a column. */
export interface CandidateCounts {
  readonly perRow: number;
  readonly perColumn: number;
}

/**
 * Chooses the first candidates from freshly computed tiles: for each row its best columns by reduced value s − price,
 * for each column the rows that lose least by it. Both are by approximate values; nothing depends on the choice but time.
 */
export class CandidateScan implements RowScan {
  readonly coldPairs = 0;
  private readonly edges = new EdgeBuffer(false);
  private readonly best: BestValues;
  private readonly reduced: Float64Array;
  /** The best rows of each column: how little they lose, which they are, and their similarity. */
  private readonly columnValue: Float64Array;
  private readonly columnRow: Int32Array;
  private readonly columnSimilarity: Float64Array;
  private readonly columnWorst: Float64Array;
  private readonly blockWorst: Float64Array;
  private readonly step: number;

  constructor(
    private readonly problem: SharedProblem,
    private readonly frame: ColumnFrame,
    private readonly counts: CandidateCounts,
    /** Whether a row loses what its price says, or what its own best candidates offer. */
    private readonly rowsByPrice: boolean
  ) {
    const { blocks, paddedColumns } = problem;
    this.best = new BestValues(counts.perRow);
    this.reduced = new Float64Array(blocks);
    this.columnValue = new Float64Array(paddedColumns * counts.perColumn).fill(-Infinity);
    this.columnRow = new Int32Array(paddedColumns * counts.perColumn).fill(-1);
    this.columnSimilarity = new Float64Array(paddedColumns * counts.perColumn);
    this.columnWorst = new Float64Array(paddedColumns).fill(-Infinity);
    // Padding never takes a candidate.
    this.columnWorst.fill(Infinity, problem.columns);
    this.blockWorst = new Float64Array(blocks).fill(-Infinity);
    this.step = problem.parameters[PARAMETER.step]!;
  }

  scanRow(i: number, { values, start, blockLargest, blockStart }: RowValues): void {
    const { reduced, frame, blockWorst } = this;
    const { blocks } = this.problem;
    const scale = this.problem.rowScale[i]!;
    const inverse = 1 / scale;
    const { leastPrice } = frame;
    for (let b = 0; b < blocks; b++) reduced[b] = blockLargest[blockStart + b]! - inverse * leastPrice[b]!;
    const threshold = this.best.threshold(reduced, blocks);
    const loss = this.rowsByPrice ? this.problem.rowPrice[i]! : scale * (threshold === -Infinity ? 0 : threshold);
    for (let b = 0; b < blocks; b++) {
      const value = reduced[b]!;
      if (value >= threshold) this.takeForRow(i, b, values, start, threshold);
      if (scale * value - loss > blockWorst[b]!) this.takeForColumns(i, b, values, start, loss);
    }
  }

  take(): ScanResult {
    const ofColumns = new EdgeBuffer(false);
    for (let slot = 0; slot < this.columnRow.length; slot++) {
      const row = this.columnRow[slot]!;
      if (row >= 0) ofColumns.push(row, Math.floor(slot / this.counts.perColumn), this.columnSimilarity[slot]!);
    }
    return { edges: [this.edges.take()], soFar: [ofColumns.take()] };
  }

  private takeForRow(i: number, b: number, values: RowValues['values'], start: number, threshold: number): void {
    const { price } = this.frame;
    const scale = this.problem.rowScale[i]!;
    const inverse = 1 / scale;
    const end = Math.min(this.problem.columns, (b + 1) * BLOCK);
    for (let p = b * BLOCK; p < end; p++) {
      const value = values[start + p]!;
      if (value - inverse * price[p]! >= threshold) this.edges.push(i, p, Math.round((scale * value) / this.step));
    }
  }

  private takeForColumns(i: number, b: number, values: RowValues['values'], start: number, loss: number): void {
    const { price } = this.frame;
    const scale = this.problem.rowScale[i]!;
    const end = Math.min(this.problem.columns, (b + 1) * BLOCK);
    let worst = Infinity;
    for (let p = b * BLOCK; p < end; p++) {
      const similarity = scale * values[start + p]!;
      const value = similarity - price[p]! - loss;
      if (value > this.columnWorst[p]!) this.replaceWorst(p, i, value, similarity);
      if (this.columnWorst[p]! < worst) worst = this.columnWorst[p]!;
    }
    this.blockWorst[b] = worst;
  }

  private replaceWorst(p: number, i: number, value: number, similarity: number): void {
    const { columnValue } = this;
    const { perColumn } = this.counts;
    const from = p * perColumn;
    let worst = from;
    for (let slot = from + 1; slot < from + perColumn; slot++) {
      if (columnValue[slot]! < columnValue[worst]!) worst = slot;
    }
    columnValue[worst] = value;
    this.columnRow[worst] = i;
    this.columnSimilarity[worst] = Math.round(similarity / this.step);
    let least = columnValue[from]!;
    for (let slot = from + 1; slot < from + perColumn; slot++) {
      if (columnValue[slot]! < least) least = columnValue[slot]!;
    }
    this.columnWorst[p] = least;
  }
}
