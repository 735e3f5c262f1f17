import type { Features } from '../features';
import { vectorLength } from '../features';
import { isShared, shareRows } from '../row-matrix';

/** Columns are scanned in blocks of this many, by the largest value of each. */
export const BLOCK = 16;

/**
 * How a device computes tiles, which decides the bound on their error. `float32`: products and sums in any order, inputs
 * rounded by `inputRoundoff` (0, or 2⁻¹¹ for TF32). `integer`: 8-bit codes with exact integer sums.
 */
export type TileArithmetic =
  { readonly kind: 'float32'; readonly inputRoundoff: number } | { readonly kind: 'integer' };

/**
 * What becomes of computed tiles: kept for the later scans, of each row only the best pairs kept and a bound on the
 * others, or nothing kept and all computed again by each scan.
 */
export type TileStorage = 'float32' | 'half' | 'best' | 'streamed';

export interface EngineShape {
  readonly arithmetic: TileArithmetic;
  readonly storage: TileStorage;
  /** Rows of one tile. */
  readonly tileRows: number;
}

/**
 * The problem as all tile workers see it. Everything lies in shared memory, so that it can be handed to threads without
 * a copy. *Rows* are the side that must be matched, *columns* the other; a column is named by its *position* in `order`,
 * which sorts the columns by norm so that those of a block are alike.
 */
export interface SharedProblem extends EngineShape {
  readonly rowFeatures: Features;
  readonly columnFeatures: Features;
  /** Elements of a feature vector, all parts. */
  readonly width: number;
  readonly rows: number;
  readonly columns: number;
  /** Columns rounded up to whole blocks; those beyond `columns` are zero and never chosen. */
  readonly paddedColumns: number;
  readonly blocks: number;
  /** Column of each position. `[columns]` */
  readonly order: Int32Array;
  /** ‖a_i‖² by row, ‖b_j‖² by column (not position). */
  readonly rowSquared: Float64Array;
  readonly columnSquared: Float64Array;
  /** Largest |element| by row, and by column. */
  readonly rowLargest: Float64Array;
  readonly columnLargest: Float64Array;
  /**
   * A tile value t_ij stands for the similarity α_i·t_ij, with |s_ij − α_i·t_ij| ≤ p_i·x_j + q_i·y_j: α, p, q by row,
   * x, y by position.
   */
  readonly rowScale: Float64Array;
  readonly rowErrorP: Float64Array;
  readonly rowErrorQ: Float64Array;
  readonly columnErrorX: Float64Array;
  readonly columnErrorY: Float64Array;
  /** Scale of each position's integer codes; a power of two beyond it keeps tiles within half precision. */
  readonly columnScale: Float32Array;
  /** Codes of the columns `[width, paddedColumns]`; emptied once the workers have loaded them. */
  readonly columnCodes: Float32Array | Int8Array;
  /** Prices in similarity units: an edge is tight at s_ij = rowPrice_i + columnPrice_position. */
  readonly rowPrice: Float64Array;
  readonly columnPrice: Float64Array;
  /** Prices a match starts with: while those at hand have not settled, they tell which pairs of a row are its best. */
  readonly listingPrice: Float64Array;
  /** What the workers share out among them; see {@link CONTROL}. */
  readonly control: Int32Array;
  /** Numbers that are known only once the rows are measured; see {@link PARAMETER}. */
  readonly parameters: Float64Array;
}

/**
 * Places in `control`: the next row or chunk to take, rows done, whether to pause before the next tile, and how many rows
 * were multiplied with all columns since the problem began.
 */
export const CONTROL = { next: 0, done: 1, pause: 2, multiplied: 3 } as const;

/**
 * Places in `parameters`: the grid step g, and a power of two between codes and columns: float32 columns are divided by
 * it, integer scales multiplied.
 */
export const PARAMETER = { step: 0, codeFactor: 1 } as const;

/** Lays out the shared memory of a problem; nothing is computed yet. */
export function shareProblem(rowFeatures: Features, columnFeatures: Features, shape: EngineShape): SharedProblem {
  const width = vectorLength(rowFeatures);
  const [rows, columns] = [rowFeatures.count, columnFeatures.count];
  const blocks = Math.ceil(columns / BLOCK);
  const paddedColumns = blocks * BLOCK;
  return {
    ...shape,
    rowFeatures: shareFeatures(rowFeatures),
    columnFeatures: shareFeatures(columnFeatures),
    ...{ width, rows, columns, paddedColumns, blocks },
    order: sharedIntegers(columns),
    rowSquared: sharedNumbers(rows),
    columnSquared: sharedNumbers(columns),
    rowLargest: sharedNumbers(rows),
    columnLargest: sharedNumbers(columns),
    rowScale: sharedNumbers(rows),
    rowErrorP: sharedNumbers(rows),
    rowErrorQ: sharedNumbers(rows),
    columnErrorX: sharedNumbers(paddedColumns),
    columnErrorY: sharedNumbers(paddedColumns),
    columnScale: new Float32Array(new SharedArrayBuffer(paddedColumns * 4)),
    columnCodes: shareCodes(shape, width * paddedColumns),
    rowPrice: sharedNumbers(rows),
    columnPrice: sharedNumbers(paddedColumns).fill(Infinity, columns),
    listingPrice: sharedNumbers(paddedColumns).fill(Infinity, columns),
    control: sharedIntegers(4),
    parameters: sharedNumbers(2),
  };
}

/** The same problem to be computed in another way: nothing of it is measured again, only encoded. */
export function reshapeProblem(problem: SharedProblem, shape: EngineShape): SharedProblem {
  return { ...problem, ...shape, columnCodes: shareCodes(shape, problem.width * problem.paddedColumns) };
}

/** The same problem once no worker needs the codes any more. */
export function withoutCodes(problem: SharedProblem): SharedProblem {
  return { ...problem, columnCodes: new Int8Array(0) };
}

function shareCodes({ arithmetic }: EngineShape, codes: number): SharedProblem['columnCodes'] {
  return arithmetic.kind === 'float32'
    ? new Float32Array(new SharedArrayBuffer(codes * 4))
    : new Int8Array(new SharedArrayBuffer(codes));
}

function sharedNumbers(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * 8));
}

function sharedIntegers(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

function shareFeatures(features: Features): Features {
  if (features.parts.every(({ rows }) => isShared(rows))) return features;
  return { ...features, parts: features.parts.map((part) => ({ ...part, rows: shareRows(part.rows) })) };
}
