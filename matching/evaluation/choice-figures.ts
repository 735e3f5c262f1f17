import { pairCost } from '../features';
import type { Features } from '../features';
import { reportOn } from '../report';
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
  /** Of the decoder rows; of zero rows there is none. */
  readonly cosine: Quantiles;
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
  return {
    features: chosen.length,
    distinctTargets: new Set(chosen).size,
    costMean: mean(cost),
    foldedMse,
    cosine: quantiles(decoderCosine),
  };
}
