import { explainedShare } from './hidden-error';
import type { HiddenError, HiddenMoments } from './hidden-error';

/**
 * Explained variance, pooled, on samples of the documents: of how often each document was drawn `[documents]`. What does not
 * depend on the estimate is summed once for all.
 *
 * @param counts as `resampleDocuments` makes them `[resamples, documents]`
 */
export class ResampledVariance {
  /** Σ(x − x̄)² of each sample `[resamples]`. */
  private readonly varied: Float64Array;

  constructor(
    readonly counts: Uint16Array,
    readonly documents: number,
    moments: HiddenMoments
  ) {
    this.varied = Float64Array.from({ length: counts.length / documents }, (_, sample) =>
      variedOf(counts.subarray(sample * documents, (sample + 1) * documents), moments)
    );
  }

  /** For one estimate. @returns of how often each document was drawn, and the number of the sample */
  of({ documents }: HiddenError): (drawn: Uint16Array, sample: number) => number | null {
    return (drawn, sample) => {
      let error = 0;
      for (const [document, sums] of documents) error += drawn[document]! * sums.error;
      return explainedShare(error, this.varied[sample]!);
    };
  }
}

/** Σ(x − x̄)² = Σ‖x‖² − ‖Σx‖² / n, each document as often as it was drawn. */
function variedOf(drawn: Uint16Array, moments: HiddenMoments): number {
  const sum = new Float64Array(moments.states.elements);
  let squares = 0;
  let tokens = 0;
  for (const [document, sums] of moments.documents) {
    const times = drawn[document]!;
    if (times === 0) continue;
    tokens += times * sums.tokens;
    squares += times * sums.squares;
    for (let k = 0; k < sum.length; k++) sum[k]! += times * sums.sum[k]!;
  }
  if (tokens === 0) return 0;
  let norm = 0;
  for (const value of sum) norm += value * value;
  return Math.max(0, squares - norm / tokens);
}
