import { pairCost } from '../features';
import type { Features } from '../features';
import { foldedSquares, reportOn } from '../report';
import type { ReportRows } from '../report';
import { mean, quantiles } from '../statistics';
import type { PartNumbers, Quantiles } from '../statistics';
import type { Choice } from './choices';

/** How good a choice is, by the weights alone. */
export interface ChoiceFigures {
  /** Source features with a target. */
  readonly features: number;
  /** Targets that are chosen at least once: fewer than features where a choice is not one-to-one. */
  readonly distinctTargets: number;
  /** Mean of cost(i, j) over them, of the vectors that a run matches on; null when there are none. */
  readonly costMean: number | null;
  /** Mean over them of the mean squared difference of the folded rows (SAE Match, arXiv 2410.07656, Sect. 5.1). */
  readonly foldedMse: PartNumbers;
  /** Mean over them of the norm of the difference of the folded decoder rows (Fig. 1); null where they cannot be compared. */
  readonly decoderDifferenceNorm: number | null;
  /** Of the decoder rows; of zero rows there is none. */
  readonly cosine: Quantiles;
  /**
   * Mean squared difference of the folded decoder rows of each source feature and its target (Fig. 5), NaN where there is
   * none; null where rows cannot be compared. `[source features]`
   */
  readonly decoderMse: Float64Array | null;
}

/** One layer as choices are judged on it. */
export interface ChoiceSide {
  readonly features: Features;
  readonly report: ReportRows;
}

export function choiceFigures(source: ChoiceSide, target: ChoiceSide, choice: Choice): ChoiceFigures {
  const chosen = choice.filter((j) => j >= 0);
  const cost = Float64Array.from(choice, (j, i) => (j < 0 ? NaN : pairCost(source.features, target.features, i, j)));
  const { decoderCosine, foldedMse } = reportOn(source.report, target.report, choice);
  const [a, b] = [source.report.folded, target.report.folded];
  const decoderMse =
    a === null || b === null
      ? null
      : foldedSquares(a.decoder, b.decoder, { targetFeature: choice, a: a.excluded, b: b.excluded });
  return {
    features: chosen.length,
    distinctTargets: new Set(chosen).size,
    costMean: mean(cost),
    foldedMse,
    decoderDifferenceNorm: decoderMse && mean(decoderMse.map((mse) => Math.sqrt(mse * a!.decoder.columns))),
    cosine: quantiles(decoderCosine),
    decoderMse,
  };
}
