import { SeededRandom } from './seeded-random';

/** Target feature of every source feature, −1 where it has none; several may have the same. `[source features]` */
export type Choice = Int32Array;

const NONE = -1;

/** Features that take no part: 1 where excluded. */
export interface ExcludedFeatures {
  /** `[source features]` */
  readonly source: Uint8Array;
  /** `[target features]` */
  readonly target: Uint8Array;
}

/** Feature i with feature i, where both sides have it ("vanilla" of SAE Match, arXiv 2410.07656, Fig. 3). */
export function identityChoice({ source, target }: ExcludedFeatures): Choice {
  return Int32Array.from(source, (excluded, i) => (excluded === 1 || target[i] !== 0 ? NONE : i));
}

/**
 * A one-to-one choice drawn at random, each equally likely: as many pairs as the smaller side has features.
 *
 * @param seed hex digits, see {@link SeededRandom}
 */
export function randomChoice({ source, target }: ExcludedFeatures, seed: string): Choice {
  const random = new SeededRandom(seed);
  const rows = shuffled(included(source), random);
  const columns = shuffled(included(target), random);
  const choice = new Int32Array(source.length).fill(NONE);
  for (let n = 0; n < Math.min(rows.length, columns.length); n++) choice[rows[n]!] = columns[n]!;
  return choice;
}

/**
 * Pairs of which each is the other's nearest.
 *
 * @param nearestTarget of every source feature, −1 where there is none `[source features]`
 * @param nearestSource of every target feature `[target features]`
 */
export function mutualChoice(nearestTarget: Int32Array, nearestSource: Int32Array): Choice {
  return nearestTarget.map((j, i) => (j !== NONE && nearestSource[j] === i ? j : NONE));
}

/** Indices of the features that take part, ascending. */
export function included(excluded: Uint8Array): Int32Array {
  return Int32Array.from(excluded.keys()).filter((i) => excluded[i] === 0);
}

/** Fisher and Yates's shuffle, in place. */
export function shuffled(values: Int32Array, random: SeededRandom): Int32Array {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const value = values[last]!;
    values[last] = values[other]!;
    values[other] = value;
  }
  return values;
}
