import type { Range } from '../../artifacts/planning-record';
import type { TileStorage } from '../../matching/engine/shared-problem';
import type { PairWork } from './pair-work';
import { FIRST_EXPONENT, SOLVER_EXPONENT } from './rates';
import type { Rates } from './rates';

/** What is assumed of the structure of a pair. */
interface Structure {
  /** Passes over the similarities, the first and the report included. */
  readonly passes: Readonly<Record<'kept' | 'best' | 'streamed', number>>;
  /** Time of the sparse problems beside that of an ordinary pair. */
  readonly solver: number;
}

/** Passes and solver times as most rows of the bench have them, and between which nearly all stay. */
export const STRUCTURES: Readonly<Record<keyof Range, Structure>> = {
  least: { passes: { kept: 5, best: 6, streamed: 5 }, solver: 0.5 },
  expected: { passes: { kept: 9, best: 11, streamed: 7 }, solver: 1 },
  most: { passes: { kept: 13, best: 14, streamed: 11 }, solver: 10 },
};

/** Where only the best pairs of each row are kept, choosing them and doing without the others costs so many looks more. */
const ONLY_BEST = 2;
/** What a scan of similarities that are kept costs a pair, of what a look costs: it reads the largest of each block. */
const SCANNED = 0.1;
/** Share of all pairs that the bounds of 8-bit products leave to be evaluated in float64, in plain JavaScript. */
const OPEN_SHARE = 0.003;
/** The first look and the report. */
const WHOLE_PASSES = 2;

/** Seconds of a match that fits, with rows in memory, once the threads of its process are warm. */
export function predictMatch(work: PairWork, rates: Rates): Range {
  const of = (structure: Structure): number =>
    secondsOf(work, rates, passesOf(work.storage!, structure), structure.solver);
  return { least: of(STRUCTURES.least), expected: of(STRUCTURES.expected), most: of(STRUCTURES.most) };
}

/** What it takes longer as the first match of a process, or of a thread that has matched nothing. */
export function firstSeconds({ size }: PairWork, { engine }: Rates): number {
  return engine.first * (size.rows + size.columns) ** FIRST_EXPONENT;
}

/** Seconds of a match that takes so many passes. */
export function secondsOf(work: PairWork, { engine, devices }: Rates, passes: number, solver = 1): number {
  const { size, arithmetic, threads, multiplyAdds } = work;
  const features = size.rows + size.columns;
  const device = devices[work.device]!;
  const products = multiplyAdds * (device[arithmetic] ?? device.float32) * productsOf(work.storage!, passes);
  const open = arithmetic === 'integer' ? OPEN_SHARE * multiplyAdds * devices.javascript.float32 : 0;
  const { storage } = work;
  const scans = Math.max(0, passes - WHOLE_PASSES);
  const perFeature =
    features * (engine.look_thread * (storage === 'best' ? 1 + ONLY_BEST : 1) + scans * engine.scan_thread);
  const perPair =
    size.rows *
    size.columns *
    engine.pair_thread *
    (storage === 'streamed' ? passes / WHOLE_PASSES : 1 + scans * SCANNED);
  const encoding = features * size.width * engine.element_thread;
  const alone = engine.start + features * engine.feature + solver * features ** SOLVER_EXPONENT * engine.solver;
  // Other devices than the processor compute products while nothing else is done, driven by one thread.
  return alone + (products + open + perFeature + perPair + encoding) / threads;
}

/** How often all tiles are computed: once, or by every pass. */
export function productsOf(storage: TileStorage, passes: number): number {
  return storage === 'streamed' ? passes : 1;
}

export function passesOf(storage: TileStorage, { passes }: Structure): number {
  return storage === 'streamed' || storage === 'best' ? passes[storage] : passes.kept;
}

/** Multiply-adds of the tiles of a match. */
export function multiplyAddsOf({ multiplyAdds, storage }: PairWork): Range {
  const of = (structure: Structure): number => multiplyAdds * productsOf(storage!, passesOf(storage!, structure));
  return { least: of(STRUCTURES.least), expected: of(STRUCTURES.expected), most: of(STRUCTURES.most) };
}
