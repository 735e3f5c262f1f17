import { BLOCK } from './shared-problem';
import type { SharedProblem, TileStorage } from './shared-problem';

/**
 * What is kept of tiles for later scans, in shared memory, filled row by row as tiles are computed: all values, or those
 * of each row's best pairs and a bound on the others.
 */
export interface SimilarityStore {
  readonly rowsPerChunk: number;
  /** 1 where a row is kept. `[rows]` */
  readonly filled: Uint8Array;
  /**
   * Largest value of each block, by chunk: in float32; or of what is left of it without the best pairs, as bits of half
   * precision.
   */
  readonly blockLargest: readonly (Float32Array | Uint16Array)[];
  /** Tile values of whole rows, by chunk: float32 or bits of half precision. */
  readonly values: readonly (Float32Array | Uint16Array)[];
  /** The best pairs of each row instead of whole rows. */
  readonly best: BestPairs | null;
}

export interface BestPairs {
  /** Room for pairs in each row. */
  readonly perRow: number;
  /** Pairs of each row, by chunk. `[rows]` */
  readonly count: readonly Int32Array[];
  /** Their positions, by chunk. `[rows, perRow]` */
  readonly position: readonly Int32Array[];
  /** Their values as bits of half precision, by chunk. `[rows, perRow]` */
  readonly values: readonly Uint16Array[];
}

/** Pairs of each row for which there is room where only the best are kept. */
export const BEST_PAIRS = 640;
const CHUNK_BYTES = 1 << 29;

export function createStore(problem: SharedProblem, bestPairs: number = BEST_PAIRS): SimilarityStore | null {
  const { storage, rows, paddedColumns, blocks } = problem;
  if (storage === 'streamed') return null;
  const ofBest = storage === 'best';
  const perRow = Math.min(bestPairs, paddedColumns);
  const bytes = bytesOfValue(storage);
  const widest = ofBest ? Math.max(blocks * 2, perRow * 4) : paddedColumns * bytes;
  const rowsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / widest));
  const chunks = <T>(make: (rows: number) => T): T[] => {
    const result: T[] = [];
    for (let first = 0; first < rows; first += rowsPerChunk) result.push(make(Math.min(rowsPerChunk, rows - first)));
    return result;
  };
  const halves = (length: number): Uint16Array => new Uint16Array(new SharedArrayBuffer(length * 2));
  const integers = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4));
  const floats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(length * 4));
  const filled = new Uint8Array(new SharedArrayBuffer(rows));
  if (!ofBest) {
    return {
      ...{ rowsPerChunk, filled, best: null },
      values: chunks((count) => (storage === 'half' ? halves : floats)(count * paddedColumns)),
      blockLargest: chunks((count) => floats(count * blocks)),
    };
  }
  return {
    ...{ rowsPerChunk, filled, values: [] },
    blockLargest: chunks((count) => halves(count * blocks)),
    best: {
      perRow,
      count: chunks(integers),
      position: chunks((count) => integers(count * perRow)),
      values: chunks((count) => halves(count * perRow)),
    },
  };
}

/** Bytes that one row takes in a store. */
export function bytesOfRow(storage: TileStorage, blocks: number): number {
  if (storage === 'streamed') return 0;
  if (storage === 'best') return blocks * 2 + BEST_PAIRS * 6 + 4;
  return blocks * (BLOCK * bytesOfValue(storage) + 4);
}

const bytesOfValue = (storage: TileStorage): number => (storage === 'half' ? 2 : 4);
