import type { Choice } from '../choices';
import { addScaled } from './decoding';
import type { DecoderWeights } from './decoding';
import type { FeatureActivations } from './feature-activations';

/** The quantiles q that are estimated: 0 takes no feature to its target, 1 all that have one. */
export const QUANTILES: readonly number[] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/**
 * Quantile matching (SAE Match, arXiv 2410.07656, App. B, Eq. 6): only the features matched best go to their targets, the others
 * are decoded by their own layer. x̂_q = W_dec(source) f⁺ + W_dec(target) f⁻ + b_dec(target), where f⁻ are the ⌈q · n⌉ of n
 * matched features of least MSE, the lower index first among equals; unmatched features always belong to f⁺.
 */
export class QuantileEstimates {
  /** Index of the first quantile that takes a feature to its target; {@link QUANTILES}.length where none does. */
  private readonly firstOf: Uint8Array;
  private readonly moved: readonly Float64Array[];

  /** @param mse of the matched features, NaN for the others `[source features]` */
  constructor(
    private readonly source: DecoderWeights,
    private readonly target: DecoderWeights,
    private readonly carried: { readonly choice: Choice; readonly factors: Float64Array },
    mse: Float64Array
  ) {
    this.firstOf = firstQuantiles(carried.choice, mse);
    this.moved = QUANTILES.map(() => new Float64Array(target.bias.length));
  }

  /**
   * The estimates of one token, one after the other as the quantiles ascend; each is overwritten by the next.
   *
   * @param use called with the index of the quantile and the estimate `[elements]`
   */
  estimate(
    activations: FeatureActivations,
    token: number,
    use: (quantile: number, estimate: Float64Array) => void
  ): void {
    const { moved, firstOf, source, target } = this;
    const { choice, factors } = this.carried;
    for (const sums of moved) sums.fill(0);
    const estimate = Float64Array.from(target.bias);
    for (let at = activations.starts[token]!; at < activations.starts[token + 1]!; at++) {
      const feature = activations.feature[at]!;
      const activation = activations.activation[at]!;
      addScaled(estimate, source.rows[feature]!, activation);
      const into = moved[firstOf[feature]!];
      if (into === undefined) continue;
      addScaled(into, source.rows[feature]!, -activation);
      addScaled(into, target.rows[choice[feature]!]!, activation * factors[feature]!);
    }
    moved.forEach((change, quantile) => {
      for (let k = 0; k < estimate.length; k++) estimate[k]! += change[k]!;
      use(quantile, estimate);
    });
  }
}

function firstQuantiles(choice: Choice, mse: Float64Array): Uint8Array {
  const matched = Int32Array.from(choice.keys()).filter((i) => choice[i]! >= 0);
  const ordered = matched.sort((a, b) => mse[a]! - mse[b]! || a - b);
  const first = new Uint8Array(choice.length).fill(QUANTILES.length);
  ordered.forEach((feature, rank) => {
    first[feature] = QUANTILES.findIndex((q) => rank < Math.ceil(q * ordered.length));
  });
  return first;
}
