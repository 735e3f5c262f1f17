import { posix } from 'node:path';
import { InputError } from '../../matching/errors';
import type { CanonicalSae, SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readVector } from '../containers/read-tensor';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import { singleFileLocation } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { isSaelensConfig, layerOfConfig, parseSaelensConfig } from './saelens-config';
import type { SaelensConfig } from './saelens-config';
import { requireNoScaling } from './scaling-factor';
import { dtypeNotes, findTensor, requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

const CONFIG_FILE = 'cfg.json';
const WEIGHTS_FILE = 'sae_weights.safetensors';

/**
 * SAELens: a folder with `cfg.json` and `sae_weights.safetensors`, of version 6 and before. W_enc `[d, F]`,
 * W_dec `[F, d]`, b_enc `[F]`, b_dec `[d]`; JumpReLU SAEs have `threshold` or `log_threshold` `[F]`. Where
 * `apply_b_dec_to_input` is true (SAELens' default) b_dec is subtracted from the input, which is the same as the encoder bias
 * b_enc − W_enc·b_dec; it is computed in float64.
 */
export const saelens: SaeFormat = {
  name: 'saelens',
  lookedFor: 'cfg.json with sae_weights.safetensors (SAELens)',
  async find(view, candidates) {
    const locations: SaeLocation[] = [];
    for (const candidate of candidates) {
      if (!(await isSaelens(view, candidate))) continue;
      const location = singleFileLocation(view, candidate.file, [configPath(candidate.file.path)]);
      const config = await readConfig(view, candidate.file.path);
      locations.push({ ...location, layer: (config && layerOfConfig(config)) ?? location.layer });
    }
    return locations;
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    return load(await parse(view, location));
  },
};

interface SaelensSae {
  readonly header: SaeHeader;
  readonly config: SaelensConfig;
  readonly tensors: SaeTensors;
  readonly threshold: StoredTensor | null;
  readonly file: TensorFile;
}

async function isSaelens(view: SourceView, { file, tensors }: CandidateFile): Promise<boolean> {
  if (tensors !== null && (tensors.kind !== 'safetensors' || !tensors.tensors.has('W_dec'))) return false;
  if (posix.basename(file.path) === WEIGHTS_FILE) return true;
  const config = await readConfig(view, file.path);
  return config !== null && isSaelensConfig(config) && tensors?.tensors.has('W_enc') === true;
}

async function readConfig(view: SourceView, weights: string): Promise<Readonly<Record<string, unknown>> | null> {
  const path = configPath(weights);
  if (view.find(path) === undefined) return null;
  try {
    return await view.json(path);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function configPath(weights: string): string {
  return posix.join(posix.dirname(weights), CONFIG_FILE);
}

function weightsFile(location: SaeLocation): SaeLocation['files'][number] {
  return location.files.find(({ path }) => posix.basename(path) !== CONFIG_FILE)!;
}

async function parse(view: SourceView, location: SaeLocation): Promise<SaelensSae> {
  const weights = weightsFile(location);
  const configFile = configPath(weights.path);
  const config = parseSaelensConfig(await view.json(configFile), view.source.locate(configFile));
  const file = await view.tensors(weights.path);
  const tensors = requireSaeTensors(file, { encoderFeatureAxis: 1 });
  requireShape(tensors.encoder, [config.dIn, config.features]);
  if (config.subtractDecoderBias && tensors.decoderBias !== null) requireShape(tensors.decoderBias, [config.dIn]);
  const header: SaeHeader = {
    format: saelens.name,
    path: location.path,
    layer: location.layer,
    hook: config.hook,
    features: tensors.features,
    dIn: tensors.dIn,
    dOut: tensors.dOut,
    dtype: tensors.decoder.dtype,
    activation: config.architecture === 'jumprelu' ? 'jumprelu' : 'relu',
    k: null,
    gauge: config.architecture === 'jumprelu' ? 'theta' : 'decoder_norm',
    inputNorm: config.inputNorm,
    bytes: weights.bytes,
    notes: [...dtypeNotes(tensors), ...config.notes],
  };
  return { header, config, tensors, threshold: thresholdOf(file, config), file };
}

function thresholdOf(file: TensorFile, { architecture, features }: SaelensConfig): StoredTensor | null {
  if (architecture === 'standard') return null;
  const tensor = findTensor(file, 'log_threshold') ?? requireTensor(file, 'threshold');
  return requireShape(findTensor(file, 'threshold') ?? tensor, [features]);
}

async function load({ header, config, tensors, threshold, file }: SaelensSae): Promise<CanonicalSae> {
  await requireNoScaling(file, tensors.features);
  return assemble(header, tensors, {
    threshold: await readThreshold(threshold, tensors.features),
    subtractDecoderBias: config.subtractDecoderBias,
  });
}

async function readThreshold(tensor: StoredTensor | null, features: number): Promise<Float64Array> {
  if (tensor === null) return new Float64Array(features);
  const values = await readVector(tensor, features);
  return tensor.name === 'log_threshold' ? values.map(Math.exp) : values;
}
