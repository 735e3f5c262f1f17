import type { FloatArray } from '../../row-matrix';
import type { Choice } from '../choices';
import type { FeatureActivations } from './feature-activations';

/** What activations of a layer become hidden states with. */
export interface DecoderWeights {
  /** Rows of W_dec `[features][elements]`. */
  readonly rows: readonly FloatArray[];
  /** b_dec `[elements]`. */
  readonly bias: Float64Array;
  /**
   * What folding divides a feature's activation by: θ, a given scale, or 1 / ‖decoder row‖. A feature for which it is not
   * positive and finite has no folded activation. `[features]`
   */
  readonly divisor: Float64Array;
}

/**
 * How an activation is carried to another layer: `plain` as it is, `folded` in units of the features' own scales, f / θ_i · θ_p(i) (SAE
 * Match, arXiv 2410.07656, Eq. 4 and 5: the folded SAEs encode and decode).
 */
export type Decoding = 'plain' | 'folded';
export const DECODINGS: readonly Decoding[] = ['plain', 'folded'];

/** Factor of every source feature's activation on its way to its target; 0 where it has none. `[source features]` */
export function carryFactors(
  decoding: Decoding,
  choice: Choice,
  source: Pick<DecoderWeights, 'divisor'>,
  target: Pick<DecoderWeights, 'divisor'>
): Float64Array {
  return Float64Array.from(choice, (j, i) => {
    if (j < 0) return 0;
    if (decoding === 'plain') return 1;
    const factor = target.divisor[j]! / source.divisor[i]!;
    return Number.isFinite(factor) && factor > 0 ? factor : 0;
  });
}

/**
 * x̂ = b_dec + Σ_i f_i factor_i W_dec[p(i)], in float64 by ascending source feature (SAE Match, Eq. 5: f̂[p(i)] = f[i]). Several
 * features that share a target add up.
 *
 * @param into overwritten `[elements]`
 */
export function decodeToken(
  into: Float64Array,
  { rows, bias }: DecoderWeights,
  activations: FeatureActivations,
  token: number,
  carried: { readonly choice: Choice; readonly factors: Float64Array } | null
): void {
  into.set(bias);
  for (let at = activations.starts[token]!; at < activations.starts[token + 1]!; at++) {
    const feature = activations.feature[at]!;
    const weight = activations.activation[at]! * (carried === null ? 1 : carried.factors[feature]!);
    if (weight !== 0) addScaled(into, rows[carried === null ? feature : carried.choice[feature]!]!, weight);
  }
}

/** into += weight · row */
export function addScaled(into: Float64Array, row: FloatArray, weight: number): void {
  for (let k = 0; k < into.length; k++) into[k]! += weight * row[k]!;
}
