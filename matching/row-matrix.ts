import { SaeMatchError } from './errors';

export type FloatArray = Float32Array | Float64Array;

/** No single block of a {@link RowMatrix} is larger than this many bytes: Node 20 fails on large ArrayBuffers. */
export const MAX_BLOCK_BYTES = 1 << 30;

/**
 * A matrix `[rows, columns]`, row-major, held as blocks of whole rows so that no ArrayBuffer exceeds 1 GiB. Every block but the last has exactly `rowsPerBlock` rows.
 */
export interface RowMatrix<T extends FloatArray = Float32Array> {
  readonly rows: number;
  readonly columns: number;
  readonly rowsPerBlock: number;
  readonly blocks: readonly T[];
}

/** Row `index` as a view (no copy). */
export function rowOf<T extends FloatArray>(matrix: RowMatrix<T>, index: number): T {
  const block = matrix.blocks[Math.floor(index / matrix.rowsPerBlock)];
  if (block === undefined || index < 0)
    throw new SaeMatchError(`row ${index} is outside a matrix of ${matrix.rows} rows`);
  const start = (index % matrix.rowsPerBlock) * matrix.columns;
  return block.subarray(start, start + matrix.columns) as T;
}

/** A zero matrix `[rows, columns]` of float32 or float64, in memory that threads can share. */
export function allocateRows<T extends FloatArray>(
  arrayType: new (buffer: SharedArrayBuffer) => T,
  rows: number,
  columns: number,
  maxBlockBytes: number = MAX_BLOCK_BYTES
): RowMatrix<T> {
  const bytesPerElement = arrayType === (Float64Array as unknown) ? 8 : 4;
  const rowsPerBlock = Math.max(1, Math.floor(maxBlockBytes / Math.max(1, columns * bytesPerElement)));
  const blocks: T[] = [];
  for (let first = 0; first < rows; first += rowsPerBlock) {
    const length = Math.min(rowsPerBlock, rows - first) * columns;
    blocks.push(new arrayType(new SharedArrayBuffer(length * bytesPerElement)));
  }
  return { rows, columns, rowsPerBlock, blocks };
}

/** Whether threads can be handed the matrix without a copy. */
export function isShared(matrix: RowMatrix): boolean {
  return matrix.blocks.every(({ buffer }) => buffer instanceof SharedArrayBuffer);
}

/** A copy in memory that threads can share; the matrix itself where it already is. */
export function shareRows(matrix: RowMatrix): RowMatrix {
  if (isShared(matrix)) return matrix;
  const shared = allocateRows(Float32Array, matrix.rows, matrix.columns, matrix.rowsPerBlock * matrix.columns * 4);
  matrix.blocks.forEach((block, index) => {
    shared.blocks[index]!.set(block);
  });
  return shared;
}

/** Wraps one contiguous array `[rows, columns]` without copying it. */
export function rowsFromArray<T extends FloatArray>(array: T, rows: number, columns: number): RowMatrix<T> {
  if (array.length !== rows * columns) {
    throw new SaeMatchError('array length does not fit the shape', {
      found: `${array.length} elements`,
      expected: `${rows} x ${columns}`,
    });
  }
  return { rows, columns, rowsPerBlock: Math.max(1, rows), blocks: [array] };
}
