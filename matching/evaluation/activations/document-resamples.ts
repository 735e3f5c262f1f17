import { quantile } from '../../statistics';
import { SeededRandom } from '../seeded-random';

/** How often documents are drawn anew. */
export const RESAMPLES = 1000;
/** Hexadecimal of "sae-match: docum": the same draws for every pair and method, so that their figures can be compared draw by draw. */
const SEED = '7361652d6d617463683a20646f63756d';

/** The middle 95 % of a figure over resamples; null where there are fewer than two documents, or it never exists. */
export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Samples of the documents with replacement, as many as there are: how often each was drawn. Intervals resample documents
 * and not tokens, because the tokens of a text are not independent of each other.
 *
 * @returns `[resamples, documents]`
 */
export function resampleDocuments(documents: number, resamples = RESAMPLES): Uint16Array {
  const random = new SeededRandom(SEED);
  const counts = new Uint16Array(resamples * documents);
  for (let sample = 0; sample < resamples; sample++) {
    for (let draw = 0; draw < documents; draw++) counts[sample * documents + random.below(documents)]! += 1;
  }
  return counts;
}

/**
 * Interval of a figure.
 *
 * @param counts as {@link resampleDocuments} makes them
 * @param figure of a sample, by how often each document was drawn `[documents]` and its number
 */
export function intervalOf(
  counts: Uint16Array,
  documents: number,
  figure: (drawn: Uint16Array, sample: number) => number | null
): Interval {
  if (documents < 2) return { low: null, high: null };
  const values = Float64Array.from(
    { length: counts.length / documents },
    (_, sample) => figure(counts.subarray(sample * documents, (sample + 1) * documents), sample) ?? NaN
  );
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}
