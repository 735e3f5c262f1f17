import type { TileArithmetic } from '../../../matching/engine/shared-problem';
import type { Features } from '../../../matching/features';
import { solveMatching } from '../../../matching/match-pair';
import type { TilePort } from '../../../matching/ports';
import { unrelatedFeatures } from './planted-pair';
import { FarEnough, timedTiles } from './timed-tiles';
import type { StepSeconds } from './timed-tiles';

/** What is multiplied: features of both sides, and the elements of their vectors in two problems. */
export interface ProductSizes {
  readonly rows: number;
  readonly columns: number;
  readonly widths: readonly [few: number, many: number];
}

/** Seconds of one thread, or of the device. */
export interface ProductRates {
  readonly multiplyAdd: number;
  /** An element of a vector, to measure, encode and load it. */
  readonly element: number;
}

const ROUNDS = 2;

/**
 * Times the first look at all pairs twice, with vectors of few and of many elements: what differs is products and
 * elements, since all else is the same.
 *
 * @param threads among which the time is divided
 */
export async function measureProducts(
  { rows, columns, widths }: ProductSizes,
  tiles: TilePort,
  threads: number
): Promise<ProductRates> {
  const looks: StepSeconds[] = [];
  for (const width of widths) {
    const [a, b] = [unrelatedFeatures(rows, width), unrelatedFeatures(columns, width)];
    looks.push(await shortestLook(a, b, tiles));
  }
  const [few, many] = looks as [StepSeconds, StepSeconds];
  const more = widths[1] - widths[0];
  // A difference that the noise has swallowed is no rate of 0.
  const rate = (seconds: number, amount: number): number => (threads * Math.max(seconds, 1e-4)) / amount;
  return {
    multiplyAdd: rate(many.candidates - few.candidates, rows * columns * more),
    element: rate(many.open - few.open, (rows + columns) * more),
  };
}

/** The integer or float arithmetic that is asked for, whatever the size. */
export const INTEGER: TileArithmetic = { kind: 'integer' };

async function shortestLook(a: Features, b: Features, tiles: TilePort): Promise<StepSeconds> {
  const looks: StepSeconds[] = [];
  for (let round = 0; round < ROUNDS; round++) looks.push(await look(a, b, tiles));
  const least = (step: 'open' | 'candidates'): number => Math.min(...looks.map((steps) => steps[step]));
  return { ...looks[0]!, open: least('open'), candidates: least('candidates') };
}

async function look(a: Features, b: Features, tiles: TilePort): Promise<StepSeconds> {
  const { port, steps } = timedTiles(tiles, 'candidates');
  try {
    await solveMatching(a, b, { availableMemory: Infinity }, { tiles: port });
  } catch (error) {
    if (!(error instanceof FarEnough)) throw error;
  }
  return steps;
}
