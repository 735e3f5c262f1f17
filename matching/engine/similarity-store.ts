import { allocateRows } from '../row-matrix';
import type { RowValues } from './scan-frame';
import type { SharedProblem, TileStorage } from './shared-problem';

/** Tiles of the first pass, kept in shared memory for the scans that follow. */
export interface SimilarityStore {
  readonly rowsPerChunk: number;
  /** Tile values of whole rows, float32 or half-precision bits. */
  readonly values: readonly (Float32Array | Uint16Array)[];
  /** Largest value of each block. */
  readonly blockLargest: readonly Float32Array[];
}

const CHUNK_BYTES = 1 << 29;

export function createStore(problem: SharedProblem): SimilarityStore | null {
  if (problem.storage === 'streamed') return null;
  const { rows, paddedColumns, blocks, tileRows } = problem;
  const bytes = bytesOf(problem.storage);
  const tiles = Math.max(1, Math.floor(CHUNK_BYTES / (paddedColumns * bytes * tileRows)));
  const rowsPerChunk = tiles * tileRows;
  const values: (Float32Array | Uint16Array)[] = [];
  for (let first = 0; first < rows; first += rowsPerChunk) {
    const length = Math.min(rowsPerChunk, rows - first) * paddedColumns;
    const buffer = new SharedArrayBuffer(length * bytes);
    values.push(bytes === 2 ? new Uint16Array(buffer) : new Float32Array(buffer));
  }
  const largest = allocateRows(Float32Array, rows, blocks, rowsPerChunk * blocks * 4);
  return { rowsPerChunk, values, blockLargest: largest.blocks };
}

/** Where row `i` of a store lies. */
export function storedRow(store: SimilarityStore, i: number, problem: SharedProblem): RowValues {
  const chunk = Math.floor(i / store.rowsPerChunk);
  const row = i - chunk * store.rowsPerChunk;
  return {
    values: store.values[chunk]!,
    start: row * problem.paddedColumns,
    blockLargest: store.blockLargest[chunk]!,
    blockStart: row * problem.blocks,
  };
}

/** Bytes a stored similarity takes. */
export function bytesOf(storage: TileStorage): number {
  return storage === 'streamed' ? 0 : storage === 'half' ? 2 : 4;
}
