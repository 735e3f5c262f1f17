import { matchPair } from '../../../matching/match-pair';
import type { MatchSide } from '../../../matching/match-pair';
import type { Matching } from '../../../matching/matching';
import type { TilePort } from '../../../matching/ports';
import { SOLVER_EXPONENT } from '../rates';
import type { EngineRates } from '../rates';
import { plantedPair } from './planted-pair';
import { timedTiles } from './timed-tiles';
import type { StepSeconds } from './timed-tiles';

/** Features of a side, few and many, and elements of a vector. */
const FEW = 2048;
const MANY = 5120;
const WIDTH = 96;
/** Writing a similarity and finding the largest of its block takes at least as long as so many multiply-adds. */
const LEAST_PAIR = 100;

export interface MeasuredEngine {
  readonly rates: Omit<EngineRates, 'element_thread'>;
  /** A match that was made, for whoever needs one. */
  readonly matching: Matching;
}

/**
 * Matches planted pairs: a small one twice, because the first match of a process takes longer, and a larger one.
 *
 * @param multiplyAdd seconds of a multiply-add of one thread, which are taken off
 */
export async function measureEngine(tiles: TilePort, threads: number, multiplyAdd: number): Promise<MeasuredEngine> {
  const small = plantedPair(FEW, WIDTH);
  const cold = await timedMatch(small, tiles);
  const few = await timedMatch(small, tiles);
  const many = await timedMatch(plantedPair(MANY, WIDTH), tiles);
  const [fewer, more] = [2 * FEW, 2 * MANY];
  const looking = (count: number, { steps }: TimedMatch): number =>
    threads * (steps.candidates + steps.report) - count * count * WIDTH * multiplyAdd;
  const [look, pair] = linear([fewer, FEW ** 2, looking(FEW, few)], [more, MANY ** 2, looking(MANY, many)]);
  const alone = ({ seconds, solver, steps }: TimedMatch): number =>
    seconds - solver - steps.open - steps.candidates - steps.price - steps.report;
  const [start, feature] = linear([1, fewer, alone(few)], [1, more, alone(many)]);
  return {
    rates: {
      first: Math.max(0, cold.seconds - few.seconds),
      ...{ start, feature },
      solver: many.solver / more ** SOLVER_EXPONENT,
      scan_thread: (threads * many.steps.price) / (many.steps.scans * more),
      look_thread: look,
      pair_thread: Math.max(pair, LEAST_PAIR * multiplyAdd),
    },
    matching: many.matching,
  };
}

/** x and y, neither negative, of the line through two points: a·x + b·y = c for each; where noise asks for less, one of them is 0. */
function linear([a, b, c]: readonly number[], [d, e, f]: readonly number[]): readonly [x: number, y: number] {
  const y = Math.max(0, (a! * f! - d! * c!) / (a! * e! - d! * b!));
  const x = (f! - e! * y) / d!;
  return x >= 0 ? [x, y] : [0, f! / e!];
}

interface TimedMatch {
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
