import { MemoryBudgetError } from '../errors';
import type { Features } from '../features';
import { vectorLength } from '../features';
import { isShared } from '../row-matrix';
import type { TileDevice } from '../ports';
import { BLOCK } from './shared-problem';
import type { EngineShape, TileArithmetic, TileStorage } from './shared-problem';
import { BEST_PAIRS, bytesOfRow } from './similarity-store';

/** Bytes of the sparse problem: edges of a row, with the copies that are made when some are added. */
const SPARSE_BYTES_PER_ROW = 8_000;
const WORDS: Readonly<Record<TileStorage, string>> = {
  float32: 'similarities are kept in float32',
  half: 'similarities are kept in half precision',
  best: `the ${BEST_PAIRS} best similarities of each feature are kept, the others bounded`,
  streamed: 'no similarities are kept, each pass computes them again',
};
export const FEWEST_TILE_ROWS = 16;
const MOST_TILE_ROWS = 128;
/** Values of one tile; larger tiles only fill memory. */
const TILE_VALUES = 1 << 21;

/** How a pair is computed, and why. */
export interface EnginePlan {
  readonly shape: EngineShape;
  /** One sentence for a person. */
  readonly reason: string;
}

/** Features of both sides of a pair, and elements of a vector. */
export interface PairSize {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
}

/** Bytes that the engine takes for a pair, besides the vectors: at least, and where it keeps all similarities. */
export function memoryRange(size: PairSize, device: TileDevice): { readonly least: number; readonly most: number } {
  const { kept, needed } = ways(size, device);
  return { least: needed('streamed'), most: needed(kept) };
}

/**
 * What is kept of the similarities of a pair within so many bytes besides the vectors, which lie in shared memory; null
 * where even the leanest way does not fit.
 */
export function storageWithin(size: PairSize, device: TileDevice, availableMemory: number): TileStorage | null {
  return firstThatFits(ways(size, device), availableMemory);
}

/**
 * Chooses how a device computes a pair within the memory there is: whether similarities are kept for the later scans (as
 * computed, or in half precision), those of each row's best pairs are, or each scan computes them again.
 *
 * @throws MemoryBudgetError when even the leanest way does not fit
 */
export function planShape(a: Features, b: Features, availableMemory: number, device: TileDevice): EnginePlan {
  const all = ways({ rows: a.count, columns: b.count, width: vectorLength(a) }, device);
  const { arithmetic, tileRows, kept } = all;
  const needed = (storage: TileStorage): number => copies(a, b) + all.needed(storage);
  const storage = firstThatFits(all, availableMemory - copies(a, b));
  if (storage !== null) {
    const took = `it takes ${mebibytes(needed(storage))} of ${mebibytes(availableMemory)} MiB`;
    const others = storage === kept ? '' : `; keeping them all would take ${mebibytes(needed(kept))} MiB`;
    return { shape: { arithmetic, storage, tileRows }, reason: `${WORDS[storage]}: ${took}${others}` };
  }
  throw new MemoryBudgetError('this pair does not fit the memory budget', {
    field: '--memory-budget',
    found: `${mebibytes(availableMemory)} MiB left for this match`,
    expected: `at least ${mebibytes(needed('streamed'))} MiB for ${a.count} x ${b.count} features`,
    remedy: 'Raise --memory-budget, or run on a machine with more memory.',
  });
}

interface Ways {
  readonly arithmetic: TileArithmetic;
  readonly tileRows: number;
  /** How all similarities are kept. */
  readonly kept: TileStorage;
  /** Bytes besides the vectors. */
  readonly needed: (storage: TileStorage) => number;
}

function firstThatFits({ kept, needed }: Ways, availableMemory: number): TileStorage | null {
  return ([kept, 'best', 'streamed'] as const).find((storage) => needed(storage) <= availableMemory) ?? null;
}

function ways({ rows, columns, width }: PairSize, device: TileDevice): Ways {
  const padded = Math.ceil(columns / BLOCK) * BLOCK;
  const arithmetic = device.arithmeticFor(rows, columns, width);
  const tileRows = Math.min(MOST_TILE_ROWS, Math.max(FEWEST_TILE_ROWS, Math.floor(TILE_VALUES / padded)));
  const codes = width * padded * (arithmetic.kind === 'integer' ? 1 : 4);
  const needed = (storage: TileStorage): number =>
    codes +
    device.workerBytes({ codes, tile: tileRows * padded, arithmetic, storage }) +
    rows * bytesOfRow(storage, padded / BLOCK) +
    SPARSE_BYTES_PER_ROW * Math.max(rows, columns);
  return { arithmetic, tileRows, kept: arithmetic.kind === 'integer' ? 'half' : 'float32', needed };
}

/** Rows that do not lie in shared memory are copied there. */
function copies(a: Features, b: Features): number {
  return [a, b]
    .flatMap(({ parts }) => parts)
    .reduce((sum, { rows }) => (isShared(rows) ? sum : sum + rows.rows * rows.columns * 4), 0);
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
