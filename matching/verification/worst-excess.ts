import { vectorLength } from '../features';
import type { Features } from '../features';
import { rowSimilarities, similarityOf, viewRow } from './products';

/** By how much the best offer of every row exceeds its price: max(0, max_j (u_i + v_j − c_ij)). */
export interface ExcessInput {
  readonly source: Features;
  readonly target: Features;
  /** Features that take part, ascending. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  readonly sourceNorm: Float64Array;
  readonly targetNorm: Float64Array;
  /** Clamped duals. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** Multiplies float32 rows with loaded float32 columns, in any order of summation. */
export interface ScreenProducts {
  multiply(rows: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Loads columns `[width, columns]` for products with `count` rows `[count, width]` at a time. */
export type OpenScreen = (columns: Float32Array, width: number, count: number) => Promise<ScreenProducts>;

/** Told how many rows are done, of as many as there are. */
export type OnRows = (done: number, total: number) => void;

/** Multiply-adds below which float64 is fast enough for all pairs. */
const SMALL = 3e8;
const TILE_ROWS = 64;
/** Bytes of the columns that are loaded at a time. */
const CHUNK_BYTES = 1 << 28;

/**
 * Excess of every row, over all pairs: in float64, or, for large pairs and where a screen is given, in float32 with the
 * bound γ‖a‖‖b‖ on its error, which excludes nearly all pairs; what it leaves open is computed in float64.
 */
export async function worstExcess(
  input: ExcessInput,
  openScreen: OpenScreen | null,
  onRows: OnRows = () => undefined
): Promise<Float64Array> {
  const { source, sources, targets } = input;
  const work = sources.length * targets.length * vectorLength(source);
  return openScreen === null || work < SMALL ? exactExcess(input, onRows) : screenedExcess(input, openScreen, onRows);
}

function exactExcess({ source, target, ...rest }: ExcessInput, onRows: OnRows): Float64Array {
  const { sources, targets, sourceNorm, targetNorm, u, v } = rest;
  const worst = new Float64Array(source.count);
  const similarity = new Float64Array(target.count);
  sources.forEach((i, done) => {
    rowSimilarities(source, target, i, similarity);
    for (const j of targets) {
      const cost = sourceNorm[i]! + targetNorm[j]! - 2 * similarity[j]!;
      worst[i] = Math.max(worst[i]!, u[i]! + v[j]! - cost);
    }
    onRows(done + 1, sources.length);
  });
  return worst;
}

async function screenedExcess(input: ExcessInput, openScreen: OpenScreen, onRows: OnRows): Promise<Float64Array> {
  const { source, target, sources, targets } = input;
  const width = vectorLength(source);
  const worst = new Float64Array(source.count);
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / (width * 4)));
  const rows = new Float32Array(TILE_ROWS * width);
  let done = 0;
  const total = sources.length * Math.ceil(targets.length / perChunk);
  for (let start = 0; start < targets.length; start += perChunk) {
    const index = targets.subarray(start, start + perChunk);
    const chunk: Chunk = {
      index,
      rest: Float64Array.from(index, (j) => input.v[j]! - input.targetNorm[j]!),
      length: Float64Array.from(index, (j) => Math.sqrt(input.targetNorm[j]!)),
    };
    const screen = await openScreen(columnsOf(target, index, width), width, TILE_ROWS);
    try {
      for (let first = 0; first < sources.length; first += TILE_ROWS) {
        const tile = sources.subarray(first, first + TILE_ROWS);
        tile.forEach((i, r) => {
          gather(source, i, rows, r * width, 1);
        });
        const products = await screen.multiply(rows);
        tile.forEach((i, r) => {
          screenRow(input, i, chunk, products.subarray(r * index.length, (r + 1) * index.length), worst);
        });
        done += tile.length;
        onRows(done, total);
      }
    } finally {
      await screen.close();
    }
  }
  return worst;
}

/** The columns that are loaded: which they are, v_j − ‖b_j‖², and ‖b_j‖. */
interface Chunk {
  readonly index: Int32Array;
  readonly rest: Float64Array;
  readonly length: Float64Array;
}

/** Takes one row's float32 products into account. A product that is no number excludes nothing. */
function screenRow(
  { source, target, sourceNorm, u }: ExcessInput,
  i: number,
  { index, rest, length }: Chunk,
  products: Float32Array,
  worst: Float64Array
): void {
  const width = vectorLength(source);
  const gamma = 2 * gammaOf(width) * Math.sqrt(sourceNorm[i]!);
  const own = u[i]! - sourceNorm[i]!;
  // Products that underflow lose less than the smallest normal number each.
  const least = own + 2 * width * 2 ** -124;
  let most = worst[i]!;
  for (let n = 0; n < index.length; n++) {
    const upper = least + rest[n]! + 2 * products[n]! + gamma * length[n]!;
    if (upper <= most) continue;
    most = Math.max(most, own + rest[n]! + 2 * similarityOf(source, target, i, index[n]!));
  }
  worst[i] = most;
}

/** γ for a dot product of n float32 elements, each rounded once more where parts are weighted, in any order. */
function gammaOf(width: number): number {
  const n = width + 16;
  return ((n * 2 ** -24) / (1 - n * 2 ** -24)) * (1 + 1e-6);
}

function columnsOf(features: Features, index: Int32Array, width: number): Float32Array {
  const columns = new Float32Array(width * index.length);
  index.forEach((j, n) => {
    gather(features, j, columns, n, index.length);
  });
  return columns;
}

/** Writes the parts of a feature one after the other, times the square roots of their weights. */
function gather(features: Features, i: number, out: Float32Array, start: number, stride: number): void {
  let at = start;
  for (const { rows, weight } of features.parts) {
    const factor = Math.sqrt(weight);
    for (const value of viewRow(rows, i)) {
      out[at] = factor * value;
      at += stride;
    }
  }
}
