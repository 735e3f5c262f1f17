import { getRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { ArtifactCorruptError } from '../../matching/errors';
import { meaningsObject } from './keys';

/** Ways to choose the target whose description is compared. */
export type MeaningMethod = 'matched' | 'composed' | 'nearest' | 'random';

/** How the descriptions of a pair of layers compare. */
export interface Meanings {
  readonly figures: readonly MethodFigures[];
  /** Pairs of features that are drawn to be judged, by source feature, then method. */
  readonly rows: readonly DrawnPair[];
}

/** Of all features of the source layer. */
export interface MethodFigures {
  readonly method: MeaningMethod;
  readonly features: number;
  readonly described: number;
  readonly lexicalMean: number | null;
  readonly sameWords: number | null;
  readonly anyWord: number | null;
}

export interface DrawnPair {
  readonly method: MeaningMethod;
  readonly source: number;
  readonly target: number;
  readonly lexical: number;
  readonly mse: number | null;
  readonly descriptions: readonly [source: string, target: string];
}

/** Null when they are not in the store, or damaged. */
export const findMeanings = (store: ObjectStore, key: string): Promise<Meanings | null> =>
  getRecord<Meanings>(store, meaningsObject(key));

/** @throws ArtifactCorruptError when they are gone or damaged */
export async function requireMeanings(store: ObjectStore, key: string): Promise<Meanings> {
  const found = await findMeanings(store, key);
  if (found !== null) return found;
  throw new ArtifactCorruptError('the descriptions of a pair, compared, are gone', {
    file: store.url(meaningsObject(key)),
    remedy: 'Judge the run again: they will be compared again.',
  });
}
