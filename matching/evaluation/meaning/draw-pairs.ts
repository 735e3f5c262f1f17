import { shuffled } from '../choices';
import type { Choice } from '../choices';
import { SeededRandom } from '../seeded-random';
import type { LayerDescriptions } from './lexical-scores';

/**
 * Described targets at random, each equally likely, for every source feature that has a target by another choice; several may
 * have the same.
 *
 * @param seed hex digits, see {@link SeededRandom}
 */
export function randomDescribed(other: Choice, target: LayerDescriptions, seed: string): Choice {
  const random = new SeededRandom(seed);
  const described = target.flatMap((description, feature) => (description === null ? [] : [feature]));
  return other.map((chosen) => {
    // A number is drawn for each, so that what a feature gets does not hang on which others have a target.
    const drawn = described.length === 0 ? -1 : described[random.below(described.length)]!;
    return chosen < 0 ? -1 : drawn;
  });
}

/**
 * At most `count` of the features that may be drawn, ascending, each equally likely. Features come in one order that follows
 * from the seed, so that all draws with the same seed agree as far as the same features may be drawn.
 */
export function drawFeatures(mayBeDrawn: readonly boolean[], count: number, seed: string): number[] {
  const order = shuffled(Int32Array.from(mayBeDrawn.keys()), new SeededRandom(seed));
  const drawn = Array.from(order).filter((feature) => mayBeDrawn[feature]);
  return drawn.slice(0, count).sort((a, b) => a - b);
}
