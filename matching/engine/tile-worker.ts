import type { TileKernel, TileProduct } from '../ports';
import { CandidateScan } from './candidate-scan';
import type { CandidateCounts } from './candidate-scan';
import type { EdgeList } from './edge-list';
import { boundRow, encodeColumn, encodeTile, measureRow } from './encode';
import { ExactDots } from './exact-dots';
import { PricingScan } from './pricing-scan';
import type { PricingOptions } from './pricing-scan';
import { ReportScan } from './report-scan';
import type { Report, ReportInput } from './report-scan';
import { sampleCosine } from './sample';
import { columnFrame } from './scan-frame';
import type { ColumnFrame, KnownEdges, RowValues } from './scan-frame';
import { CONTROL, PARAMETER, withoutCodes } from './shared-problem';
import type { SharedProblem } from './shared-problem';
import { storedRow } from './similarity-store';
import type { SimilarityStore } from './similarity-store';

/** What all workers do together, sharing the rows or columns among them. */
export type TileStep =
  | { readonly kind: 'measure' }
  | { readonly kind: 'encode' }
  | { readonly kind: 'open' }
  | { readonly kind: 'sample'; readonly rows: readonly number[]; readonly rank: number }
  | { readonly kind: 'candidates'; readonly counts: CandidateCounts; readonly rowsByPrice: boolean }
  | { readonly kind: 'price'; readonly known: KnownEdges; readonly options: PricingOptions }
  | { readonly kind: 'evaluate'; readonly row: Int32Array; readonly position: Int32Array }
  | { readonly kind: 'report'; readonly known: KnownEdges; readonly input: ReportInput };

/** What one worker contributes; the fields its step does not speak of are absent. */
export interface StepResult {
  readonly edges?: EdgeList;
  readonly cosines?: readonly number[];
  readonly report?: Report;
}

/** Rows or columns taken at a time in steps that compute no tiles. */
const CHUNK = 64;

/** One worker's share of the engine: computes tiles with its kernel and scans them. */
export class TileWorker {
  private product: TileProduct | null = null;
  private readonly vector: Float64Array;
  private readonly tile: Float32Array | Uint8Array;

  constructor(
    private problem: SharedProblem,
    private readonly store: SimilarityStore | null,
    private readonly kernel: TileKernel,
    /** Told after each tile how many rows are done; may throw to stop. */
    private readonly onTile: (done: number) => void = () => undefined
  ) {
    this.vector = new Float64Array(problem.width);
    const length = problem.tileRows * problem.width;
    this.tile = problem.arithmetic.kind === 'integer' ? new Uint8Array(length) : new Float32Array(length);
  }

  async run(step: TileStep): Promise<StepResult> {
    switch (step.kind) {
      case 'measure':
        this.measure();
        return {};
      case 'encode':
        this.encode();
        return {};
      case 'open':
        this.product = await this.kernel.open(this.problem);
        // The columns are in the kernel now; a kernel that needs the codes themselves keeps them.
        this.problem = withoutCodes(this.problem);
        return {};
      case 'sample':
        return { cosines: await this.sample(step.rows, step.rank) };
      case 'candidates':
        return { edges: await this.candidates(step.counts, step.rowsByPrice) };
      case 'price':
        return { edges: await this.price(step.known, step.options) };
      case 'evaluate':
        return { edges: this.evaluate(step.row, step.position) };
      case 'report':
        return { report: await this.report(step.known, step.input) };
    }
  }

  close(): void {
    this.product?.close();
    this.product = null;
  }

  private measure(): void {
    const { problem } = this;
    const rowChunks = Math.ceil(problem.rows / CHUNK);
    this.eachChunk(rowChunks + Math.ceil(problem.columns / CHUNK), (chunk) => {
      const ofRows = chunk < rowChunks;
      const first = (ofRows ? chunk : chunk - rowChunks) * CHUNK;
      const features = ofRows ? problem.rowFeatures : problem.columnFeatures;
      const squared = ofRows ? problem.rowSquared : problem.columnSquared;
      const largest = ofRows ? problem.rowLargest : problem.columnLargest;
      for (let i = first; i < Math.min(first + CHUNK, squared.length); i++) {
        const measured = measureRow(features, i);
        squared[i] = measured.squared;
        largest[i] = measured.largest;
      }
    });
  }

  private encode(): void {
    const { problem, vector } = this;
    const rowChunks = Math.ceil(problem.rows / CHUNK);
    this.eachChunk(rowChunks + Math.ceil(problem.columns / CHUNK), (chunk) => {
      const ofRows = chunk < rowChunks;
      const first = (ofRows ? chunk : chunk - rowChunks) * CHUNK;
      const end = Math.min(first + CHUNK, ofRows ? problem.rows : problem.columns);
      for (let i = first; i < end; i++) {
        if (ofRows) boundRow(problem, i, vector);
        else encodeColumn(problem, i, vector);
      }
    });
  }

  private async sample(rows: readonly number[], rank: number): Promise<number[]> {
    // One worker does it alone: it is a single tile.
    if (Atomics.add(this.problem.control, CONTROL.next, 1) > 0) return [];
    const { width, tileRows } = this.problem;
    const sampled = rows.slice(0, tileRows);
    sampled.forEach((i, r) => {
      encodeTile(this.problem, i, 1, this.vector, this.tile.subarray(r * width, (r + 1) * width));
    });
    const product = this.product!;
    await product.multiply(this.tile);
    return sampled.map((i, r) => sampleCosine(this.problem, i, this.rowOfProduct(product, r), rank));
  }

  private async candidates(counts: CandidateCounts, rowsByPrice: boolean): Promise<EdgeList> {
    const { problem } = this;
    const scan = new CandidateScan(problem, this.frame(), counts, rowsByPrice);
    await this.eachTile(async (first, count) => {
      const product = await this.multiply(first, count);
      if (this.store !== null) this.keep(this.store, first, count, product);
      for (let r = 0; r < count; r++) scan.scanRow(first + r, this.rowOfProduct(product, r));
    });
    return scan.finish();
  }

  private async price(known: KnownEdges, options: PricingOptions): Promise<EdgeList> {
    const scan = new PricingScan(this.problem, this.frame(), known, this.dots(), options);
    await this.scanTiles((i, values) => {
      scan.scanRow(i, values);
    });
    return scan.finish();
  }

  private async report(known: KnownEdges, input: ReportInput): Promise<Report> {
    const scan = new ReportScan(this.problem, this.frame(), known, this.dots(), input);
    await this.scanTiles((i, values) => {
      scan.scanRow(i, values);
    });
    return scan.finish();
  }

  private evaluate(row: Int32Array, position: Int32Array): EdgeList {
    const dots = this.dots();
    const mine: number[] = [];
    const similarity: number[] = [];
    const column = new Int32Array(1);
    this.eachChunk(Math.ceil(row.length / CHUNK), (chunk) => {
      for (let e = chunk * CHUNK; e < Math.min(row.length, (chunk + 1) * CHUNK); e++) {
        column[0] = this.problem.order[position[e]!]!;
        mine.push(e);
        similarity.push(dots.similarities(row[e]!, column, 1)[0]!);
      }
    });
    return {
      count: mine.length,
      row: Int32Array.from(mine, (e) => row[e]!),
      column: Int32Array.from(mine, (e) => position[e]!),
      similarity: Float64Array.from(similarity),
    };
  }

  /** Scans every row, from the store or from tiles computed again. */
  private async scanTiles(scanRow: (i: number, values: RowValues) => void): Promise<void> {
    const { store, problem } = this;
    await this.eachTile(async (first, count) => {
      const product = store === null ? await this.multiply(first, count) : null;
      for (let r = 0; r < count; r++) {
        const i = first + r;
        scanRow(i, product === null ? storedRow(store!, i, problem) : this.rowOfProduct(product, r));
      }
    });
  }

  private async multiply(first: number, count: number): Promise<TileProduct> {
    encodeTile(this.problem, first, count, this.vector, this.tile);
    const product = this.product!;
    await product.multiply(this.tile);
    return product;
  }

  private rowOfProduct({ values, blockLargest }: TileProduct, r: number): RowValues {
    const { paddedColumns, blocks } = this.problem;
    return { values, start: r * paddedColumns, blockLargest, blockStart: r * blocks };
  }

  private keep(store: SimilarityStore, first: number, count: number, product: TileProduct): void {
    const { paddedColumns, blocks } = this.problem;
    const { values, start, blockLargest, blockStart } = storedRow(store, first, this.problem);
    const from = values instanceof Uint16Array ? product.halves! : product.values;
    values.set(from.subarray(0, count * paddedColumns), start);
    blockLargest.set(product.blockLargest.subarray(0, count * blocks), blockStart);
  }

  private frame(): ColumnFrame {
    return columnFrame(this.problem, this.problem.columnPrice);
  }

  private dots(): ExactDots {
    const { rowFeatures, columnFeatures, parameters } = this.problem;
    return new ExactDots(rowFeatures, columnFeatures, parameters[PARAMETER.step]!);
  }

  private async eachTile(work: (first: number, count: number) => Promise<void>): Promise<void> {
    const { control, rows, tileRows } = this.problem;
    for (;;) {
      const first = Atomics.add(control, CONTROL.next, tileRows);
      if (first >= rows || Atomics.load(control, CONTROL.stop) === 1) return;
      const count = Math.min(tileRows, rows - first);
      await work(first, count);
      this.onTile(Atomics.add(control, CONTROL.done, count) + count);
    }
  }

  private eachChunk(chunks: number, work: (chunk: number) => void): void {
    const { control } = this.problem;
    for (;;) {
      const chunk = Atomics.add(control, CONTROL.next, 1);
      if (chunk >= chunks || Atomics.load(control, CONTROL.stop) === 1) return;
      work(chunk);
    }
  }
}
