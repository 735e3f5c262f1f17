import type { TileKernel, TileProduct } from '../ports';
import { CandidateScan } from './candidate-scan';
import type { CandidateCounts } from './candidate-scan';
import type { EdgeList } from './edge-list';
import { boundRow, encodeColumn, encodeTile, measureRow } from './encode';
import { ExactDots } from './exact-dots';
import { checkProduct, onDevice } from './device-check';
import { PricingScan } from './pricing-scan';
import type { PricingOptions } from './pricing-scan';
import { ReportScan } from './report-scan';
import type { ReportInput } from './report-scan';
import type { RowScan, ScanResult } from './row-scan';
import { sampleCosine } from './sample';
import { columnFrame } from './scan-frame';
import type { ColumnFrame, KnownEdges, RowValues } from './scan-frame';
import { CONTROL, PARAMETER, withoutCodes } from './shared-problem';
import type { SharedProblem } from './shared-problem';
import type { SimilarityStore } from './similarity-store';
import { StoreAccess } from './store-access';

/** What all workers do together, sharing the rows or columns among them. */
export type TileStep =
  | { readonly kind: 'measure' }
  | { readonly kind: 'encode' }
  | { readonly kind: 'open' }
  | { readonly kind: 'sample'; readonly rows: readonly number[]; readonly rank: number }
  | { readonly kind: 'candidates'; readonly counts: CandidateCounts; readonly rowsByPrice: boolean }
  | { readonly kind: 'price'; readonly known: KnownEdges; readonly options: PricingOptions }
  | { readonly kind: 'evaluate'; readonly row: Int32Array; readonly position: Int32Array }
  | { readonly kind: 'report'; readonly known: KnownEdges; readonly input: ReportInput }
  /** Goes on with the pass that was paused. */
  | { readonly kind: 'continue' };

/** What one worker contributes; the fields its step does not speak of are absent. */
export interface StepResult extends ScanResult {
  readonly cosines?: readonly number[];
}

/** Rows or columns taken at a time in steps that compute no tiles. */
const CHUNK = 64;
/** Share of a tile's pairs that may be evaluated one by one before it is cheaper to compute the tile again. */
const COLD_SHARE = 0.01;

type ScanStep = Extract<TileStep, { kind: 'candidates' | 'price' | 'report' }>;

/** One worker's share of the engine: computes tiles with its kernel and scans them. */
export class TileWorker {
  private product: TileProduct | null = null;
  private scan: RowScan | null = null;
  /** Tells which pairs of a fresh row are its best. */
  private listing: ColumnFrame | null = null;
  private readonly store: StoreAccess | null;
  private readonly vector: Float64Array;
  private readonly tile: Float32Array | Uint8Array;

  constructor(
    private problem: SharedProblem,
    store: SimilarityStore | null,
    private readonly kernel: TileKernel,
    /** Told after each tile how many rows are done since the step began. */
    private readonly onTile: (done: number) => void = () => undefined
  ) {
    this.store = store && new StoreAccess(problem, store);
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
        this.product = await onDevice(this.kernel, () => this.kernel.open(this.problem));
        // The columns are in the kernel now; a kernel that needs the codes themselves keeps them.
        this.problem = withoutCodes(this.problem);
        return {};
      case 'sample':
        return { cosines: await this.sample(step.rows, step.rank) };
      case 'evaluate':
        return { edges: [this.evaluate(step.row, step.position)] };
      case 'continue':
        return this.advance(this.scan!, this.listing!);
      case 'candidates':
      case 'price':
      case 'report':
        return this.begin(step);
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
    await onDevice(this.kernel, () => product.multiply(this.tile));
    return sampled.map((i, r) => sampleCosine(this.problem, i, this.rowOfProduct(product, r), rank));
  }

  private scanOf(step: ScanStep, frame: ColumnFrame): RowScan {
    switch (step.kind) {
      case 'candidates':
        return new CandidateScan(this.problem, frame, step.counts, step.rowsByPrice);
      case 'price':
        return new PricingScan(this.problem, frame, step.known, this.dots(), step.options);
      case 'report':
        return new ReportScan(this.problem, frame, step.known, this.dots(), step.input);
    }
  }

  private begin(step: ScanStep): Promise<StepResult> {
    const { problem } = this;
    const frame = columnFrame(problem, problem.columnPrice);
    const isSettled = step.kind === 'report' || (step.kind === 'price' && !step.options.approximate);
    this.listing = isSettled || this.store === null ? frame : columnFrame(problem, problem.listingPrice);
    this.scan = this.scanOf(step, frame);
    return this.advance(this.scan, this.listing);
  }

  /** Scans the rows that are left, tile by tile, until there are none or the pass is paused. */
  private async advance(scan: RowScan, listing: ColumnFrame): Promise<StepResult> {
    const { control, rows, tileRows } = this.problem;
    while (Atomics.load(control, CONTROL.pause) === 0) {
      const first = Atomics.add(control, CONTROL.next, tileRows);
      if (first >= rows) break;
      const count = Math.min(tileRows, rows - first);
      await this.scanTile(scan, first, count, listing);
      this.onTile(Atomics.add(control, CONTROL.done, count) + count);
    }
    return scan.take();
  }

  /** From the store where it has the rows; from the product of the tile where not, or where that has become cheaper. */
  private async scanTile(scan: RowScan, first: number, count: number, listing: ColumnFrame): Promise<void> {
    const { store, problem } = this;
    const coldMost = scan.coldPairs + COLD_SHARE * count * problem.columns;
    let product = store?.has(first, count) === true ? null : await this.multiply(first, count);
    for (let r = 0; r < count; r++) {
      const i = first + r;
      if (product === null && scan.coldPairs > coldMost) product = await this.multiply(first, count);
      if (product !== null) store?.keep(i, r, product, listing);
      scan.scanRow(i, product === null ? store!.row(i) : this.rowOfProduct(product, r));
    }
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
      ...{ count: mine.length, exact: true },
      row: Int32Array.from(mine, (e) => row[e]!),
      column: Int32Array.from(mine, (e) => position[e]!),
      similarity: Float64Array.from(similarity),
    };
  }

  private async multiply(first: number, count: number): Promise<TileProduct> {
    encodeTile(this.problem, first, count, this.vector, this.tile);
    const product = this.product!;
    await onDevice(this.kernel, () => product.multiply(this.tile));
    Atomics.add(this.problem.control, CONTROL.multiplied, count);
    checkProduct(this.problem, product, first, count, this.kernel.device);
    return product;
  }

  private rowOfProduct({ values, blockLargest }: TileProduct, r: number): RowValues {
    const { paddedColumns, blocks } = this.problem;
    return { values, start: r * paddedColumns, blockLargest, blockStart: r * blocks, listed: null };
  }

  private dots(): ExactDots {
    const { rowFeatures, columnFeatures, parameters } = this.problem;
    return new ExactDots(rowFeatures, columnFeatures, parameters[PARAMETER.step]!);
  }

  private eachChunk(chunks: number, work: (chunk: number) => void): void {
    const { control } = this.problem;
    while (Atomics.load(control, CONTROL.pause) === 0) {
      const chunk = Atomics.add(control, CONTROL.next, 1);
      if (chunk >= chunks) return;
      work(chunk);
    }
  }
}
