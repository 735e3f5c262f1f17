import type { LayerRow } from '../../artifacts/tables/layers';
import type { ReconstructionRow } from '../../artifacts/tables/reconstructions';
import type { ScoreRow } from '../../artifacts/tables/scores';
import { intervalOf, resampleDocuments } from '../../matching/evaluation/activations/document-resamples';
import type { Interval } from '../../matching/evaluation/activations/document-resamples';
import type { PairEstimates } from '../../matching/evaluation/activations/estimates';
import type { HiddenError } from '../../matching/evaluation/activations/hidden-error';
import { matchingScore, resampledScore } from '../../matching/evaluation/activations/matching-score';
import { ResampledVariance } from '../../matching/evaluation/activations/resampled-variance';

export interface DescribedLayers {
  readonly source: LayerRow;
  readonly target: LayerRow;
  readonly documents: number;
}

/** The rows of the tables about activations that a pair comes to. */
export function describeEstimates(
  estimates: PairEstimates,
  layers: DescribedLayers
): { readonly scores: readonly ScoreRow[]; readonly reconstructions: readonly ReconstructionRow[] } {
  const { documents } = layers;
  const counts = resampleDocuments(documents);
  const { moments } = estimates;
  const variance = new ResampledVariance(counts, documents, moments);
  const about = {
    source_layer: layers.source.layer,
    target_layer: layers.target.layer,
    tokens: moments.tokens,
    documents,
  };
  const scores = estimates.choices.map(({ name }, index): ScoreRow => {
    const score = matchingScore(estimates.coActivation, index);
    const interval = (features: 'all' | 'frequent'): Interval =>
      intervalOf(counts, documents, resampledScore(estimates.coActivation, index, documents, features));
    const [all, frequent] = [interval('all'), interval('frequent')];
    return {
      ...about,
      method: name,
      features: score.features,
      score: score.score,
      score_low: all.low,
      score_high: all.high,
      score_micro: score.micro,
      score_reverse: score.reverse,
      score_jaccard: score.jaccard,
      frequent_features: score.frequentFeatures,
      frequent_score: score.frequentScore,
      frequent_score_low: frequent.low,
      frequent_score_high: frequent.high,
    };
  });
  const reconstruction = (
    name: Pick<ReconstructionRow, 'estimate' | 'decoding' | 'quantile'>,
    error: HiddenError
  ): ReconstructionRow => {
    const explained = error.explained(moments);
    const interval = intervalOf(counts, documents, variance.of(error));
    return {
      ...about,
      ...name,
      source_l0: layers.source.l0!,
      target_l0: layers.target.l0!,
      hidden_difference_norm_mean: estimates.differenceNorms / moments.tokens,
      explained_variance: explained.pooled,
      explained_variance_low: interval.low,
      explained_variance_high: interval.high,
      explained_variance_elements: explained.elements,
      explained_variance_dimensions: explained.dimensions,
    };
  };
  const reconstructions = [
    ...estimates.errors.map(({ estimate, decoding, error }) =>
      reconstruction({ estimate, decoding, quantile: null }, error)
    ),
    ...estimates.quantileErrors.map(({ decoding, quantile, error }) =>
      reconstruction({ estimate: 'quantile', decoding, quantile }, error)
    ),
  ];
  return { scores, reconstructions };
}
