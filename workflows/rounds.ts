import { bounded } from './bounded';

export interface Rounds<T> {
  readonly items: readonly T[];
  /** Tries items. Resolves to those that are to be tried again later; whatever else came of them is the caller's. */
  readonly attempt: (some: readonly T[]) => Promise<readonly T[]>;
  /** Waits before the round of this number, from 1, begins with what was set aside; false when there is no time left. */
  readonly pause: (round: number, setAside: readonly T[]) => Promise<boolean>;
}

/** When none of so many of them can be settled, a round is given up: a place that is away is not asked for all. */
const PROBES = 4;

/**
 * Tries every item. Those that cannot be settled are set aside, so that the others go on, and are tried again, after a pause,
 * once all were tried. Deterministic, hence fit for workflow code.
 *
 * @returns the items that could not be settled in time
 */
export async function inRounds<T>({ items, attempt, pause }: Rounds<T>): Promise<readonly T[]> {
  let setAside: readonly T[] = await attempt(items);
  for (let round = 1; setAside.length > 0; round++) {
    if (!(await pause(round, setAside))) break;
    const probes = setAside.slice(0, PROBES);
    const rest = setAside.slice(PROBES);
    const failed = await attempt(probes);
    // Those that failed come last, so that the next round begins with others.
    setAside = [...(failed.length < probes.length ? await attempt(rest) : rest), ...failed];
  }
  return setAside;
}

/**
 * Tries items one by one, at most `limit` of them at once.
 *
 * @param settle tries one item; false when it is to be tried again later
 */
export function oneByOne<T>(limit: number, settle: (item: T) => Promise<boolean>): Rounds<T>['attempt'] {
  return async (some) => {
    const slots = bounded(limit);
    const settled = await Promise.all(some.map((item) => slots(() => settle(item))));
    return some.filter((_, index) => settled[index] === false);
  };
}
