import { MemoryBudgetError } from '../errors';
import type { Features } from '../features';
import { vectorLength } from '../features';
import { isShared } from '../row-matrix';
import type { TileDevice } from '../ports';
import { BLOCK } from './shared-problem';
import type { EngineShape, TileStorage } from './shared-problem';
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

/**
 * Chooses how a device computes a pair within the memory there is: whether similarities are kept for the later scans (as
 * computed, or in half precision), those of each row's best pairs are, or each scan computes them again.
 *
 * @throws MemoryBudgetError when even the leanest way does not fit
 */
export function planShape(a: Features, b: Features, availableMemory: number, device: TileDevice): EnginePlan {
  const width = vectorLength(a);
  const padded = Math.ceil(b.count / BLOCK) * BLOCK;
  const arithmetic = device.arithmeticFor(a.count, b.count, width);
  const tileRows = Math.min(MOST_TILE_ROWS, Math.max(FEWEST_TILE_ROWS, Math.floor(TILE_VALUES / padded)));
  const needed = (storage: TileStorage): number => {
    const codes = width * padded * (arithmetic.kind === 'integer' ? 1 : 4);
    return (
      copies(a, b) +
      codes +
      device.workerBytes({ codes, tile: tileRows * padded, arithmetic, storage }) +
      a.count * bytesOfRow(storage, padded / BLOCK) +
      SPARSE_BYTES_PER_ROW * Math.max(a.count, b.count)
    );
  };
  const kept: TileStorage = arithmetic.kind === 'integer' ? 'half' : 'float32';
  for (const storage of [kept, 'best', 'streamed'] as const) {
    if (needed(storage) > availableMemory) continue;
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

/** Rows that do not lie in shared memory are copied there. */
function copies(a: Features, b: Features): number {
  return [a, b]
    .flatMap(({ parts }) => parts)
    .reduce((sum, { rows }) => (isShared(rows) ? sum : sum + rows.rows * rows.columns * 4), 0);
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
