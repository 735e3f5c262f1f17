import { matchPair } from '../../../matching/match-pair';
import type { MatchSide } from '../../../matching/match-pair';
import type { Matching } from '../../../matching/matching';
import type { TilePort } from '../../../matching/ports';
import { FIRST_EXPONENT, SOLVER_EXPONENT } from '../rates';
import type { EngineRates } from '../rates';
import type { ProductRates } from './measure-products';
import { plantedPair } from './planted-pair';
import { timedTiles } from './timed-tiles';
import type { StepSeconds } from './timed-tiles';

/** Features of a side, few and many, and elements of a vector. */
const FEW = 2048;
const MANY = 5120;
const WIDTH = 96;
/** Writing a similarity and finding the largest of its block takes at least as long as so many multiply-adds. */
const LEAST_PAIR = 100;

/** Matches that were timed, in their order. */
export interface TimedEngine {
  /** The first of the process, of many features. */
  readonly cold: TimedMatch;
  readonly few: TimedMatch;
  readonly many: TimedMatch;
}

/** Matches planted pairs: a larger one twice, because the first match of a process takes longer, and a small one. */
export async function timeEngine(tiles: TilePort): Promise<TimedEngine> {
  const larger = plantedPair(MANY, WIDTH);
  const cold = await timedMatch(larger, tiles);
  const few = await timedMatch(plantedPair(FEW, WIDTH), tiles);
  return { cold, few, many: await timedMatch(larger, tiles) };
}

/** @param products seconds of one thread, which are taken off */
export function engineRates({ cold, few, many }: TimedEngine, threads: number, products: ProductRates): EngineRates {
  const { multiplyAdd, element } = products;
  const [fewer, more] = [2 * FEW, 2 * MANY];
  const looking = (count: number, { steps }: TimedMatch): number =>
    threads * (steps.candidates + steps.report) - count * count * WIDTH * multiplyAdd;
  const [look, pair] = linear([fewer, FEW ** 2, looking(FEW, few)], [more, MANY ** 2, looking(MANY, many)]);
  const alone = (features: number, { seconds, solver, steps }: TimedMatch): number => {
    const encoding = (features * WIDTH * element) / threads;
    return seconds - solver - steps.candidates - steps.price - steps.report - steps.other - encoding;
  };
  const [start, feature] = linear([1, fewer, alone(fewer, few)], [1, more, alone(more, many)]);
  return {
    first: Math.max(0, cold.seconds - many.seconds) / more ** FIRST_EXPONENT,
    ...{ start, feature },
    solver: many.solver / more ** SOLVER_EXPONENT,
    scan_thread: (threads * (many.steps.price + many.steps.other)) / (many.steps.scans * more),
    look_thread: look,
    pair_thread: Math.max(pair, LEAST_PAIR * multiplyAdd),
    element_thread: element,
  };
}

/** x and y, neither negative, of the line through two points: a·x + b·y = c for each; where noise asks for less, one of them is 0. */
function linear([a, b, c]: readonly number[], [d, e, f]: readonly number[]): readonly [x: number, y: number] {
  const y = Math.max(0, (a! * f! - d! * c!) / (a! * e! - d! * b!));
  const x = (f! - e! * y) / d!;
  return x >= 0 ? [x, y] : [0, f! / e!];
}

export interface TimedMatch {
  readonly seconds: number;
  readonly solver: number;
  readonly steps: StepSeconds;
  readonly matching: Matching;
}

async function timedMatch([source, target]: readonly [MatchSide, MatchSide], tiles: TilePort): Promise<TimedMatch> {
  const { port, steps } = timedTiles(tiles);
  const began = performance.now();
  const ports = { tiles: port, now: () => performance.now() };
  const matching = await matchPair(source, target, { availableMemory: Infinity }, ports);
  return { seconds: (performance.now() - began) / 1000, solver: matching.solverSeconds!, steps, matching };
}
