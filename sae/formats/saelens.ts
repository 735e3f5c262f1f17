import { posix } from 'node:path';
import { InputError } from '../../matching/errors';
import type { CanonicalSae, SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readVector } from '../containers/read-tensor';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import type { Conventions } from './assemble';
import { singleFileLocation } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { readGates } from './gates';
import { headerOf } from './header';
import { isSaelensConfig, layerOfConfig, parseSaelensConfig } from './saelens-config';
import type { SaelensConfig } from './saelens-config';
import { requireNoScaling } from './scaling-factor';
import { findTensor, requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

const CONFIG_FILE = 'cfg.json';
const WEIGHTS_FILE = 'sae_weights.safetensors';

/**
 * SAELens: a folder with `cfg.json` and `sae_weights.safetensors`, of version 6 and before: standard, topk, jumprelu, gated,
 * and transcoders. W_enc `[d_in, F]`, W_dec `[F, d_out]`, b_enc `[F]`, b_dec `[d_out]`, W_skip `[d_out, d_in]`; JumpReLU
 * SAEs have `threshold` or `log_threshold` `[F]`; gated ones b_gate, b_mag and r_mag `[F]` and no b_enc. Where
 * `apply_b_dec_to_input` is true (SAELens' default) b_dec is subtracted from the input of an SAE.
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
  const { activation } = config;
  const tensors = requireSaeTensors(file, {
    encoderFeatureAxis: 1,
    names: NAMES[activation === 'gated' ? 'gated' : 'usual'],
  });
  requireShape(tensors.encoder, [config.dIn, config.features]);
  requireShape(tensors.decoder, [config.features, config.dOut]);
  if (activation === 'jumprelu') requireShape(thresholdOf(file), [config.features]);
  if (activation === 'gated') for (const name of GATES) requireShape(requireTensor(file, name), [config.features]);
  const header = headerOf(location, tensors, {
    ...{ format: saelens.name, hook: config.hook, activation, k: config.k, inputNorm: config.inputNorm },
    gauge: activation === 'jumprelu' || activation === 'gated' ? 'theta' : 'decoder_norm',
    notes: config.notes,
  });
  return { header, config, tensors, file };
}

const GATES = ['r_mag', 'b_gate', 'b_mag'];
const USUAL = { encoder: 'W_enc', encoderBias: 'b_enc', decoder: 'W_dec', decoderBias: 'b_dec' } as const;
const NAMES = { usual: USUAL, gated: { ...USUAL, encoderBias: null } } as const;

function thresholdOf(file: TensorFile): StoredTensor {
  return findTensor(file, 'threshold') ?? findTensor(file, 'log_threshold') ?? requireTensor(file, 'threshold');
}

async function load({ header, config, tensors, file }: SaelensSae): Promise<CanonicalSae> {
  await requireNoScaling(file, tensors.features);
  const { subtractDecoderBias, ranksByDecoderNorm, hasSkip, dIn, dOut } = config;
  const skip = hasSkip
    ? { tensor: requireShape(requireTensor(file, 'W_skip'), [dOut, dIn]), axis: 'rows' as const }
    : null;
  return assemble(header, tensors, {
    ...(await gatingOf(file, tensors, config)),
    ...{ subtractDecoderBias, ranksByDecoderNorm, skip },
  });
}

async function gatingOf(
  file: TensorFile,
  { features }: SaeTensors,
  { activation }: SaelensConfig
): Promise<Pick<Conventions, 'threshold' | 'encoderScale' | 'encoderBias'>> {
  switch (activation) {
    case 'relu':
      return { threshold: new Float64Array(features) };
    case 'topk':
      return { threshold: null };
    case 'gated':
      return readGates(file, features, { gate: 'b_gate', magnitude: 'b_mag' });
    case 'jumprelu': {
      const tensor = thresholdOf(file);
      const values = await readVector(tensor, features);
      return { threshold: tensor.name === 'log_threshold' ? values.map(Math.exp) : values };
    }
  }
}
