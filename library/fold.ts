import { InputError } from '../matching/errors';
import { foldLayer } from '../matching/folding';
import type { FoldedLayer } from '../matching/folding';
import type { Sae, SaeOrigin } from './sae';

export interface FoldOptions {
  /** False keeps the stored weights, rounded to float32. Default: true. */
  readonly fold?: boolean;
  /** What to do with features that cannot be folded, those with θ ≤ 0. Default: `exclude`, they are left out of the matching. */
  readonly degenerate?: 'exclude' | 'error';
}

/** The float32 rows of one SAE that are matched, and what they were made from. Threads can share them without a copy. */
export interface FoldedSae extends SaeOrigin, FoldedLayer {
  /** How it was folded. */
  readonly options: Required<FoldOptions>;
  /** The folded rows, on which the paper's error is reported: these ones, unless `fold` is false; null where that fails. */
  readonly folded: FoldedLayer | null;
}

/**
 * Folds the scale of each feature into its weights (SAE Match, arXiv 2410.07656, Eq. 4): W_enc/θ, b_enc/θ, W_dec·θ, which
 * leaves what the SAE computes as it is and makes features of different layers comparable. SAEs without thresholds are
 * folded to unit decoder rows, or by the scale that they were given. Computed in float64, rounded once to float32.
 *
 * @param sae stays as it is, and may be let go of
 * @throws InputError when more than half of the features cannot be folded, or one and `degenerate` is `error`
 *
 * @example
 * ```ts
 * import { createSae, fold, rowOf } from 'sae-match';
 *
 * const sae = createSae({
 *   encoder: new Float32Array([1, 0, 0, 1]),
 *   encoderBias: new Float32Array([1, 1]),
 *   decoder: new Float32Array([3, 0, 0, 3]),
 *   threshold: new Float32Array([0.5, 2]),
 * });
 * const { encoder, encoderBias, decoder } = fold(sae);
 * console.log([...rowOf(encoder, 1)], encoderBias[1], [...rowOf(decoder, 1)]);
 * // [ 0, 0.5 ] 0.5 [ 0, 6 ]
 * ```
 */
export function fold(sae: Sae, options: FoldOptions = {}): FoldedSae {
  const { fold: isFolded = true, degenerate = 'exclude' } = options;
  const { name, files, scaledBy, header } = sae;
  const rows = foldLayer(sae, { fold: isFolded, degenerate, file: name });
  const folded = isFolded ? rows : foldedIfPossible(sae);
  return { ...rows, name, files, scaledBy, header, options: { fold: isFolded, degenerate }, folded };
}

function foldedIfPossible(sae: Sae): FoldedLayer | null {
  try {
    return foldLayer(sae, { fold: true, degenerate: 'exclude', file: sae.name });
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
