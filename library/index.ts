/**
 * Matching of sparse autoencoder (SAE) features in one's own program: {@link readSae}, {@link fold}, {@link matchPair},
 * {@link verify}, {@link compose}. What a whole run over a model needs beside these, retries, workers, schedules, is what the
 * command `sae-match` is for.
 *
 * Shapes stand in brackets, such as `[features, d_in]`. Index arrays are `Int32Array` with −1 for "none", numbers
 * `Float64Array` or `Float32Array` with NaN for "none".
 *
 * @packageDocumentation
 */
export { listSaes, readSae } from './read-sae';
export type { ListedSae, ReadOptions, SelectOptions } from './read-sae';
export { createSae } from './create-sae';
export type { SaeArrays } from './create-sae';
export type { Sae, SaeFile, SaeOrigin } from './sae';
export { fold } from './fold';
export type { FoldedSae, FoldOptions } from './fold';
export { matchPair } from './match-pair';
export type { MatchOptions } from './match-pair';
export type { MatchedOptions, Matching } from './matching';
export { verify } from './verify';
export type { Claim, Verification } from './verify';
export { buildChains } from './build-chains';
export type { ChainLink } from './build-chains';
export { writeMatching } from './write-matching';
export type { WriteOptions } from './write-matching';
export { readChains, readMatching, readPairs } from './read-results';
export type { LayerPair } from './read-results';
export type { Progress, TaskOptions } from './task-options';

export type { PairRow, PairStatus } from '../artifacts/tables/pairs';
export type { DeviceChoice } from '../kernels/choose-device';
export type { DeviceKind, OrtDevice } from '../kernels/ort-device';
export { compose, permuteActivations } from '../matching/composition';
export type { Chain } from '../matching/chains';
export type { Certificate } from '../matching/certificate';
export type { Metric, PartName, PartWeights, WeightMode } from '../matching/features';
export type { FoldedLayer, Gauge } from '../matching/folding';
export { rowOf } from '../matching/row-matrix';
export type { FloatArray, RowMatrix } from '../matching/row-matrix';
export { VERSION } from '../matching/version';
export type { ErrorFacts } from '../matching/errors';
export type { Activation, SaeHeader } from '../sae/canonical';
export {
  ArtifactCorruptError,
  CancelledError,
  EnvironmentError,
  InputError,
  MemoryBudgetError,
  SaeMatchError,
  UnavailableError,
  UsageError,
} from '../matching/errors';
