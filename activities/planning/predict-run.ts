import type { Prediction, Range } from '../../artifacts/planning-record';
import { kindOf } from '../../kernels/ort-device';
import { workOf } from './pair-work';
import type { MatchPlace, PairWork } from './pair-work';
import { firstSeconds, multiplyAddsOf, predictMatch } from './predict-match';
import type { KnownRates, Rates } from './rates';
import { bytesOf, featuresOf, fileBytes, rowBytes, sum } from './run-work';
import type { PlannedPair, RunWork } from './run-work';

/** Where a run is carried out, and how fast that is. */
export interface PlanningPlace extends MatchPlace, KnownRates {
  /** Devices that match at once, each with a processor as this one. */
  readonly devices: number;
}

/**
 * What a run takes that has this to do. Pairs that do not fit are left out.
 *
 * @returns null where nobody knows how fast the device is
 */
export function predictRun(work: RunWork, place: PlanningPlace): Prediction | null {
  if (place.rates.devices[kindOf(place.device)] === undefined) return null;
  const pairs = work.matches.map((pair) => ({ ...pair, work: workOf(pair, place) })).filter(fits);
  const { folds } = work;
  const { read_bytes, stored_bytes } = bytesOf(work);
  const { rates } = place;
  const takers = place.slots * place.devices;
  // The first matches of each slot start threads that have run nothing before.
  const firsts = pairs.slice(0, takers).map((pair) => firstSeconds(pair.work, rates));
  const around = rates.run.start + rates.run.step * (folds.length + pairs.length) + folding(work, place);
  const seconds = (key: keyof Range): number => {
    const each = pairs.map((pair) => matchSeconds(pair, rates)[key]);
    return around + Math.max(0, ...firsts) + longest(each, takers);
  };
  return {
    ...{ rates: place.from, measured: place.measured, device: kindOf(place.device) },
    ...{ devices: place.devices, slots: place.slots, folds: folds.length, matches: pairs.length },
    seconds: ranged(seconds),
    match_seconds: ranged(
      (key) => sum(firsts, (seconds) => seconds) + sum(pairs, (pair) => matchSeconds(pair, rates)[key])
    ),
    multiply_adds: ranged((key) => sum(pairs, (pair) => multiplyAddsOf(pair.work)[key])),
    ...{ read_bytes, stored_bytes },
  };
}

const fits = ({ work }: { work: PairWork }): boolean => work.storage !== null;

/** From when a worker takes a pair until its tables are stored. */
function matchSeconds(pair: PlannedPair & { readonly work: PairWork }, rates: Rates): Range {
  const match = predictMatch(pair.work, rates);
  const { read_byte: byte, table_feature: feature } = rates.store;
  const beside = byte * (rowBytes(pair.source) + rowBytes(pair.target)) + feature * featuresOf(pair);
  return ranged((key) => match[key] + beside);
}

/** Hashing is done by one thread, folding by all, a layer each. */
function folding({ layers, folds }: RunWork, { rates, cores, devices }: PlanningPlace): number {
  const each = folds.map((layer) => rates.store.fold_byte * fileBytes(layer));
  return rates.store.hash_byte * sum(layers, fileBytes) + longest(each, cores * devices);
}

/** When the last of some pieces of work ends that are taken in order by so many. */
function longest(seconds: readonly number[], takers: number): number {
  const free = new Float64Array(Math.min(takers, Math.max(1, seconds.length)));
  for (const duration of seconds) {
    let next = 0;
    for (let taker = 1; taker < free.length; taker++) if (free[taker]! < free[next]!) next = taker;
    free[next]! += duration;
  }
  return free.reduce((most, end) => Math.max(most, end), 0);
}

function ranged(of: (key: keyof Range) => number): Range {
  return { least: of('least'), expected: of('expected'), most: of('most') };
}
