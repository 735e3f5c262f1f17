import { encodeCertificate } from '../../artifacts/tables/certificate';
import type { CertificateSide } from '../../artifacts/tables/certificate';
import { encodeMatches } from '../../artifacts/tables/matches';
import type { TableMetadata } from '../../artifacts/tables/table';
import { encodeTargets } from '../../artifacts/tables/targets';
import type { Matching } from '../../matching/matching';
import type { MatchRow, TableName } from './match-summary';
import type { MatchingOptions } from './matching-options';

/** One pair with all that its tables say. */
export interface MatchedPair {
  readonly sourceLayer: number | null;
  readonly targetLayer: number | null;
  readonly sourceFeatures: number;
  readonly targetFeatures: number;
  readonly matching: Matching;
}

/** The part of it that its tables are made of. */
export interface TabledPair extends Pick<MatchedPair, 'sourceLayer' | 'targetLayer'> {
  readonly matching: Pick<
    Matching,
    | 'elements'
    | 'targetFeature'
    | 'sourceFeature'
    | 'cost'
    | 'nearestTarget'
    | 'nearestCost'
    | 'mutualNearest'
    | 'certificate'
  > & { readonly decoderCosine: ArrayLike<number>; readonly encoderCosine: ArrayLike<number> };
}

export interface TableInputs {
  /** SHA-256 of the files of each side. */
  readonly source: readonly string[];
  readonly target: readonly string[];
}

/** The three tables of a pair as Parquet bytes. */
export function encodeMatchTables(
  pair: TabledPair,
  inputs: TableInputs,
  options: MatchingOptions
): Record<TableName, Uint8Array> {
  const { matching } = pair;
  const metadata: TableMetadata = { inputs, options };
  const matches = {
    sourceLayer: pair.sourceLayer,
    targetLayer: pair.targetLayer,
    targetFeature: matching.targetFeature,
    cost: matching.cost,
    mse: matching.cost.map((cost) => cost / matching.elements),
    decoderCosine: Float32Array.from(matching.decoderCosine),
    encoderCosine: Float32Array.from(matching.encoderCosine),
    nearestTarget: matching.nearestTarget,
    nearestCost: matching.nearestCost,
    mutualNearest: matching.mutualNearest,
  };
  const { sourceDual, targetDual, margin, targetMargin } = matching.certificate;
  const certificate = {
    source: certificateSide(sourceDual, margin),
    target: certificateSide(targetDual, targetMargin),
  };
  return {
    'matches.parquet': encodeMatches(matches, metadata),
    'targets.parquet': encodeTargets({ sourceFeature: matching.sourceFeature }, metadata),
    'certificate.parquet': encodeCertificate(certificate, metadata),
  };
}

/** Excluded features carry no dual and are left out of the certificate. */
function certificateSide(dual: Float64Array, margin: Float64Array): CertificateSide {
  const feature = Int32Array.from(dual.keys()).filter((i) => !Number.isNaN(dual[i]));
  return {
    feature,
    dual: Float64Array.from(feature, (i) => dual[i]!),
    margin: Float64Array.from(feature, (i) => margin[i]!),
  };
}

/** The pair's row of pairs.parquet. */
export function matchRow(
  { sourceLayer, targetLayer, sourceFeatures, targetFeatures, matching }: MatchedPair,
  seconds: number
): MatchRow {
  const { statistics, counts, certificate } = matching;
  return {
    source_layer: sourceLayer,
    target_layer: targetLayer,
    source_features: sourceFeatures,
    target_features: targetFeatures,
    status: 'done',
    error: null,
    objective: matching.objective,
    matched_cost: matching.matchedCost,
    dual_bound: certificate.bound,
    gap: certificate.gap,
    matched: counts.matched,
    mutual_nearest: counts.mutualNearest,
    excluded_source: counts.excludedSource,
    excluded_target: counts.excludedTarget,
    mse_mean: statistics.mseMean,
    mse_q05: statistics.mse.q05,
    mse_q50: statistics.mse.q50,
    mse_q95: statistics.mse.q95,
    cosine_q05: statistics.cosine.q05,
    cosine_q50: statistics.cosine.q50,
    cosine_q95: statistics.cosine.q95,
    share_decoder: statistics.share.decoder,
    share_encoder: statistics.share.encoder,
    share_bias: statistics.share.bias,
    folded_mse_decoder: statistics.foldedMse.decoder,
    folded_mse_encoder: statistics.foldedMse.encoder,
    folded_mse_bias: statistics.foldedMse.bias,
    passes: matching.passes,
    device: matching.device,
    fallbacks: matching.fallbacks,
    seconds,
  };
}
