import { SaeMatchError } from './errors';

/** Version of the arithmetic of this file; part of the content address of chains. */
export const COMPOSITION_VERSION = 1;

/**
 * Composition of two matchings, P(A→C) = P(B→C)∘P(A→B) (SAE Match, arXiv 2410.07656, Sect. 3). In the convention used
 * everywhere here, entry i is the feature that feature i maps to, −1 when it maps to none:
 * `compose(ab, bc)[i] = bc[ab[i]]`.
 *
 * @throws SaeMatchError when the first maps to a feature that the second does not have
 *
 * @example
 * ```ts
 * import { compose } from 'sae-match';
 *
 * console.log([...compose(Int32Array.of(2, -1, 0), Int32Array.of(5, 6, 7))]);
 * // [ 7, -1, 5 ]
 * ```
 */
export function compose(first: Int32Array, second: Int32Array): Int32Array {
  return first.map((middle) => {
    if (middle < 0) return -1;
    const end = second[middle];
    if (end === undefined) {
      throw new SaeMatchError('matchings do not fit each other', {
        found: `feature ${middle} in the middle layer`,
        expected: `fewer than ${second.length} features`,
      });
    }
    return end;
  });
}

/**
 * Carries activations of the source layer to the target layer's features: a scatter, f̂[target_feature[i]] = f[i]
 * (SAE Match, Eq. 5). Target features nobody maps to get 0.
 *
 * @param activations `[sources]`
 * @returns `[targets]`
 *
 * @example
 * ```ts
 * import { permuteActivations } from 'sae-match';
 *
 * console.log([...permuteActivations(Float64Array.of(5, 6), Int32Array.of(2, 0), 3)]);
 * // [ 6, 0, 5 ]
 * ```
 */
export function permuteActivations(
  activations: Float64Array,
  targetFeature: Int32Array,
  targets: number
): Float64Array {
  const permuted = new Float64Array(targets);
  targetFeature.forEach((j, i) => {
    if (j >= 0) permuted[j] = activations[i]!;
  });
  return permuted;
}
