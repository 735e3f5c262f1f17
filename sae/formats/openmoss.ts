import { posix } from 'node:path';
import { InputError } from '../../matching/errors';
import type { Activation, SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readScalar, readVector } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';
import { layerOfHook } from '../layer-name';
import type { SourceView } from '../sources/source-view';
import { assemble, readMatrix, rowNorms } from './assemble';
import type { ConfigFields } from './config-fields';
import { singleFileLocation, weightsOf } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { normActivation } from './norm-activation';
import { writesElsewhere } from './notes';
import { readConfig, readConfigIfAny } from './read-config';
import { findTensor, requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';
import { thresholdByNorm } from './threshold';

/**
 * OpenMOSS Language-Model-SAEs, now Llamascopium: `config.json` with `sae_weights.safetensors`. W_E `[d, F]`, b_E `[F]`,
 * W_D `[F, d]`, b_D `[d]`; JumpReLU has `activation_function.log_jumprelu_threshold`. b_D is never subtracted from the
 * input. With `norm_activation` dataset-wise the average norm of each hook point is a tensor beside the weights, and the
 * model's activations times √d/norm are what was trained on; a file saved with its norms folded in says `inference`. With
 * `sparsity_include_decoder_norm` features are gated and ranked by activation times decoder norm.
 */
export const openmoss: SaeFormat = {
  name: 'openmoss',
  lookedFor: 'config.json with W_E and W_D in sae_weights.safetensors (OpenMOSS)',
  async find(view, candidates) {
    const locations: SaeLocation[] = [];
    for (const { file } of candidates.filter(isOpenmoss)) {
      const location = singleFileLocation(view, file, [configPath(file.path)]);
      const config = await readConfigIfAny(view, configPath(file.path));
      const named = /(?:^|\/)layer(\d+)_/.exec(`${view.source.fullRoot}/${file.path}`)?.[1];
      const layer =
        layerOfHook(config?.text('hook_point_in') ?? null) ?? (named === undefined ? location.layer : Number(named));
      locations.push({ ...location, layer });
    }
    return locations;
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, config, file } = await parse(view, location);
    const byNorm = config.flag('sparsity_include_decoder_norm', true);
    return assemble(header, tensors, {
      threshold: await thresholdOf(file, tensors, header.activation, byNorm),
      inputScale: await scaleOf(file, config, 'hook_point_in', tensors.dIn),
      outputScale: await scaleOf(file, config, 'hook_point_out', tensors.dOut),
      ranksByDecoderNorm: byNorm && RANKING.includes(header.activation),
    });
  },
};

interface OpenmossSae {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly config: ConfigFields;
  readonly file: TensorFile;
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: 'relu',
  jumprelu: 'jumprelu',
  topk: 'topk',
  batchtopk: 'batchtopk',
};
const RANKING: readonly Activation[] = ['topk', 'batchtopk'];
const THRESHOLD = 'activation_function.log_jumprelu_threshold';

function isOpenmoss({ tensors }: CandidateFile): boolean {
  return tensors !== null && tensors.tensors.has('W_E') && tensors.tensors.has('W_D');
}

const configPath = (weights: string): string => posix.join(posix.dirname(weights), 'config.json');

async function parse(view: SourceView, location: SaeLocation): Promise<OpenmossSae> {
  const weights = weightsOf(location);
  const config = await readConfig(view, configPath(weights.path));
  const file = await view.tensors(weights.path);
  if (config.flag('use_glu_encoder', false)) throw config.unsupported('use_glu_encoder', 'false');
  const hasBias = config.flag('use_decoder_bias', true);
  const names = { encoder: 'W_E', encoderBias: 'b_E', decoder: 'W_D', decoderBias: hasBias ? 'b_D' : null };
  const tensors = requireSaeTensors(file, { encoderFeatureAxis: 1, names });
  const declared = config.text('act_fn') ?? '';
  const activation = Object.hasOwn(ACTIVATIONS, declared) ? ACTIVATIONS[declared] : undefined;
  if (activation === undefined) throw config.unsupported('act_fn', Object.keys(ACTIVATIONS).join(' | '));
  const [input, output] = [config.text('hook_point_in'), config.text('hook_point_out')];
  const header = headerOf(location, tensors, {
    ...{ format: openmoss.name, hook: input, activation, inputNorm: normActivation(config) },
    gauge: activation === 'jumprelu' ? 'theta' : 'decoder_norm',
    k: RANKING.includes(activation) ? config.sizeIfAny('top_k') : null,
    notes: writesElsewhere(input, output),
  });
  return { header, tensors, config, file };
}

/** A file that was saved with its norms folded in may still hold them. */
async function scaleOf(
  file: TensorFile,
  config: ConfigFields,
  field: 'hook_point_in' | 'hook_point_out',
  width: number
): Promise<number> {
  if (normActivation(config) !== 'dataset-wise') return 1;
  const hook = config.text(field) ?? config.text('hook_point_in');
  if (hook === null) throw config.unsupported(field, 'the name of a hook point');
  const tensor = requireTensor(file, `dataset_average_activation_norm.${hook}`);
  const norm = await readScalar(tensor);
  if (norm > 0) return Math.sqrt(width) / norm;
  throw new InputError('the average norm of the activations cannot be one', {
    ...{ file: file.name, field: tensor.name, found: `${norm}`, expected: 'a positive number' },
  });
}

async function thresholdOf(
  file: TensorFile,
  tensors: SaeTensors,
  activation: Activation,
  byNorm: boolean
): Promise<Float64Array | null> {
  const { features } = tensors;
  if (activation === 'relu') return new Float64Array(features);
  const stored = findTensor(file, THRESHOLD);
  if (activation !== 'jumprelu') return null;
  const logarithms = await readVector(requireShape(stored ?? requireTensor(file, THRESHOLD), [features]), features);
  const threshold = logarithms.map(Math.exp);
  if (!byNorm) return threshold;
  const norms = rowNorms(await readMatrix(tensors, 'decoder'));
  return thresholdByNorm(threshold, norms);
}
