import { contentKey } from '../artifacts/content-key';
import { SeededRandom } from '../matching/evaluation/seeded-random';
import { rowCosine } from '../matching/features';
import { allocateRows, rowOf } from '../matching/row-matrix';
import type { FloatArray, RowMatrix } from '../matching/row-matrix';

/** Of a layer so many rows are looked at: enough for three digits, few enough to keep those of all layers. */
const MOST_ROWS = 1024;

/** What |cosine| is of decoder rows that have nothing to do with each other. Field names as in the JSON. */
export interface RandomCosine {
  /** Pairs of features that were drawn; pairs with a row of zeros do not count. */
  readonly pairs: number;
  /** Mean of |cosine| over them. */
  readonly mean: number | null;
  /** Standard deviation of |cosine| over them; null for fewer than two. */
  readonly standard_deviation: number | null;
}

/**
 * Decoder rows of random features in random order, which follows from the hashes of the SAE's files.
 *
 * @param decoder `[features, d_out]`
 */
export function sampleRows(decoder: RowMatrix<FloatArray>, sha256: readonly string[]): RowMatrix {
  const random = new SeededRandom(contentKey('random-cosines', [...sha256]));
  const features = Int32Array.from({ length: decoder.rows }, (_, feature) => feature);
  const sample = allocateRows(Float32Array, Math.min(MOST_ROWS, decoder.rows), decoder.columns);
  for (let k = 0; k < sample.rows; k++) {
    const other = k + random.below(features.length - k);
    [features[k], features[other]] = [features[other]!, features[k]!];
    rowOf(sample, k).set(rowOf(decoder, features[k]!));
  }
  return sample;
}

/**
 * The k-th row of one sample beside the row after the k-th of the other: two samples of one SAE are in the same order. Null
 * where rows cannot be compared.
 */
export function randomCosine(source: RowMatrix, target: RowMatrix): RandomCosine | null {
  if (source.columns !== target.columns) return null;
  const most = Math.min(source.rows, target.rows);
  const cosines = Array.from({ length: most }, (_, k) => Math.abs(rowCosine(source, target, k, (k + 1) % most)));
  const values = cosines.filter((value) => !Number.isNaN(value));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    pairs: values.length,
    mean: values.length === 0 ? null : mean,
    standard_deviation: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)),
  };
}
