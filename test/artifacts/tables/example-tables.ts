import type { CertificateTable } from '../../../artifacts/tables/certificate';
import type { ChainTable } from '../../../artifacts/tables/chains';
import type { DriftRow } from '../../../artifacts/tables/drift';
import type { MatchTable } from '../../../artifacts/tables/matches';
import type { PairRow } from '../../../artifacts/tables/pairs';
import type { TableMetadata } from '../../../artifacts/tables/table';
import type { TargetTable } from '../../../artifacts/tables/targets';
import { randomNumbers } from '../../matching/random-features';

export const metadata: TableMetadata = {
  inputs: { source: ['ab'.repeat(32)], target: ['cd'.repeat(32)] },
  options: { weights: 'decoder', fold: true, title: 'é "quoted" 漢' },
};

/** Matches of `rows` source features of which about one in five is unmatched. */
export function exampleMatches(rows: number, layers: [number | null, number | null] = [3, 4], seed = 1): MatchTable {
  const random = randomNumbers(seed);
  const unmatched = Array.from({ length: rows }, () => random() < 0.2);
  const doubles = (scale: number) => Float64Array.from(unmatched, (none) => (none ? NaN : random() * scale));
  const floats = () => Float32Array.from(unmatched, (none) => (none ? NaN : random() * 2 - 1));
  const features = () => Int32Array.from(unmatched, (none) => (none ? -1 : Math.floor(random() * rows)));
  return {
    sourceLayer: layers[0],
    targetLayer: layers[1],
    targetFeature: features(),
    cost: doubles(1e-3),
    mse: doubles(1e-6),
    decoderCosine: floats(),
    encoderCosine: floats(),
    nearestTarget: features(),
    nearestCost: doubles(1e-3),
    mutualNearest: Uint8Array.from(unmatched, (none) => (none ? 0 : Math.round(random()))),
  };
}

export function exampleTargets(rows: number): TargetTable {
  const random = randomNumbers(2);
  return {
    sourceFeature: Int32Array.from({ length: rows }, () => (random() < 0.2 ? -1 : Math.floor(random() * rows))),
  };
}

export function exampleCertificate(sources: number, targets: number): CertificateTable {
  const random = randomNumbers(3);
  const side = (features: number) => ({
    // Feature 1 is left out of the problem.
    feature: Int32Array.from({ length: features }, (_, index) => (index === 0 ? 0 : index + 1)),
    dual: Float64Array.from({ length: features }, () => random() - 0.5),
    margin: Float64Array.from({ length: features }, () => (random() < 0.2 ? NaN : random())),
  });
  return { source: side(sources), target: side(targets) };
}

export function exampleChains(rows: number): ChainTable {
  const random = randomNumbers(4);
  const ends = Array.from({ length: rows }, (_, row) => row % 3 === 2);
  return {
    chainId: Int32Array.from(ends, (_, row) => Math.floor(row / 3)),
    layer: Int32Array.from(ends, (_, row) => row % 3),
    feature: Int32Array.from(ends, () => Math.floor(random() * rows)),
    stepCost: Float64Array.from(ends, (end) => (end ? NaN : random())),
    stepCosine: Float32Array.from(ends, (end) => (end ? NaN : random() * 2 - 1)),
  };
}

const nothing: PairRow = {
  source_layer: null,
  target_layer: null,
  source_features: null,
  target_features: null,
  status: 'failed',
  error: null,
  objective: null,
  matched_cost: null,
  dual_bound: null,
  gap: null,
  matched: null,
  mutual_nearest: null,
  excluded_source: null,
  excluded_target: null,
  mse_mean: null,
  mse_q05: null,
  mse_q50: null,
  mse_q95: null,
  cosine_q05: null,
  cosine_q50: null,
  cosine_q95: null,
  share_decoder: null,
  share_encoder: null,
  share_bias: null,
  folded_mse_decoder: null,
  folded_mse_encoder: null,
  folded_mse_bias: null,
  composed_agreement: null,
  composed_extra_cost: null,
  passes: null,
  device: null,
  fallbacks: null,
  seconds: null,
};

export const examplePairs: readonly PairRow[] = [
  {
    ...nothing,
    source_layer: 0,
    target_layer: 1,
    source_features: 1024,
    target_features: 768,
    status: 'done',
    objective: 123.456789012345,
    matched_cost: 123.4,
    dual_bound: 123.45678901,
    gap: 2e-15,
    matched: 768,
    mutual_nearest: 300,
    excluded_source: 0,
    excluded_target: 2,
    cosine_q05: -1,
    cosine_q50: 0.1,
    composed_extra_cost: -1,
    passes: 1,
    device: 'javascript',
    fallbacks: 0,
    seconds: 1.5,
  },
  {
    ...nothing,
    source_layer: 1,
    error: 'layer_2/params.npz: W_dec: not a number (found NaN, "é", 漢)',
  },
];

const noDrift: DriftRow = {
  layer: 3,
  status: 'failed',
  error: 'layer 3 has no SAE',
  previous_features: null,
  features: 1024,
  kept: null,
  changed: null,
  born: null,
  died: null,
  dead_previous: null,
  dead: null,
  excluded_previous: null,
  excluded: null,
  cosine_q05: null,
  cosine_q50: null,
  cosine_q95: null,
  mse_mean: null,
  objective: null,
  matched_cost: null,
  dual_bound: null,
  gap: null,
  passes: null,
  device: null,
  fallbacks: null,
  seconds: null,
};

export const exampleDrift: readonly DriftRow[] = [
  noDrift,
  { ...noDrift, layer: 4, status: 'done', error: null, previous_features: 8, kept: 7, died: 0, cosine_q05: -1 },
];
