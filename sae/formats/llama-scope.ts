import { posix } from 'node:path';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readVector } from '../containers/read-tensor';
import type { TensorFile } from '../containers/tensor';
import { layerOfHook } from '../layer-name';
import type { SourceView } from '../sources/source-view';
import { assemble, readMatrix, rowNorms } from './assemble';
import type { ConfigFields } from './config-fields';
import { layerOfFile, singleFileLocation, weightsOf } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { normActivation } from './norm-activation';
import { writesElsewhere } from './notes';
import { readConfig, readConfigIfAny } from './read-config';
import { findTensor, LINEAR_LAYERS, requireSaeTensors, requireShape } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';
import { thresholdByNorm } from './threshold';

/**
 * Llama Scope, as it was published first: `<L8R-8x>/hyperparams.json` with `checkpoints/final.safetensors` (or
 * `pruned.safetensors`); and its R1-Distill release, `config.json` with `sae_weights.safetensors`. encoder.weight
 * `[F, d]`, decoder.weight `[d, F]`. The model's activations times √d/‖x‖ (the data set's average norms, one for the
 * input and one for the output) are what was trained on. One threshold for all features is in units of the raw output
 * with a unit decoder row: active where pre·‖w‖ > θ, unless `sparsity_include_decoder_norm` is false; a threshold for each,
 * exp(`log_jumprelu_threshold`), is in the units of the stored pre-activations.
 */
export const llamaScope: SaeFormat = {
  name: 'llama-scope',
  lookedFor: 'hyperparams.json with checkpoints/final.safetensors (Llama Scope)',
  async find(view, candidates) {
    const claimed = candidates.filter((candidate) => isLlamaScope(view, candidate));
    const files = new Set(claimed.map(({ file }) => file.path));
    const locations: SaeLocation[] = [];
    for (const { file } of claimed) {
      // Where both were published the pruned one is meant to be used.
      if (isPlain(file.path) && files.has(file.path.replace(/final(?=\.\w+$)/, 'pruned'))) continue;
      const config = configPath(view, file.path)!;
      const location = singleFileLocation(view, file, [config]);
      const folder = posix.dirname(config);
      const layer = await layerOf(view, file.path, config);
      locations.push({ ...location, path: folder, layer });
    }
    return locations;
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, config, file } = await parse(view, location);
    const [inputScale, outputScale] = scalesOf(config, tensors);
    return assemble(header, tensors, {
      threshold: await thresholdOf(file, tensors, config, { inputScale, outputScale }),
      subtractDecoderBias: config.flag('apply_decoder_bias_to_pre_encoder', false),
      ...{ inputScale, outputScale },
    });
  },
};

interface LlamaScopeSae {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly config: ConfigFields;
  readonly file: TensorFile;
}

const PER_FEATURE = 'log_jumprelu_threshold';
const isPlain = (path: string): boolean => posix.basename(path).startsWith('final.');

function isLlamaScope(view: SourceView, { file, tensors }: CandidateFile): boolean {
  const config = configPath(view, file.path);
  if (config === null) return false;
  if (tensors === null) return posix.basename(config) === 'hyperparams.json';
  const has = (name: string): boolean => tensors.tensors.has(name);
  if (!has('encoder.weight') || !has('decoder.weight')) return false;
  return posix.basename(config) === 'hyperparams.json' || has(PER_FEATURE);
}

/** Beside the weights, or beside the folder of checkpoints that they lie in. */
function configPath(view: SourceView, weights: string): string | null {
  const folder = posix.dirname(weights);
  const places = [
    posix.join(posix.dirname(folder), 'hyperparams.json'),
    posix.join(folder, 'hyperparams.json'),
    posix.join(folder, 'config.json'),
  ];
  return places.find((path) => view.find(path) !== undefined) ?? null;
}

/** From the hook point, else from a folder such as `L8R-8x` or `layer_8`. */
async function layerOf(view: SourceView, weights: string, config: string): Promise<number | null> {
  const hook = (await readConfigIfAny(view, config))?.text('hook_point_in') ?? null;
  const layer = layerOfHook(hook);
  if (layer !== null) return layer;
  const folders = `${view.source.fullRoot}/${posix.dirname(weights)}`.split(/[/\\]/);
  const named = folders.map((folder) => /(?:^|-)L(\d+)(?:R|A|M|TC)(?:-|$)/.exec(folder)?.[1]).findLast(Boolean);
  return named === undefined ? layerOfFile(view, weights) : Number(named);
}

async function parse(view: SourceView, location: SaeLocation): Promise<LlamaScopeSae> {
  const weights = weightsOf(location);
  const configuration = location.files.find(({ path }) => path.endsWith('.json'))!;
  const config = await readConfig(view, configuration.path);
  const file = await view.tensors(weights.path);
  const tensors = requireSaeTensors(file, LINEAR_LAYERS);
  const perFeature = file.tensors.has(PER_FEATURE);
  const activation = config.text('act_fn') ?? 'jumprelu';
  if (activation !== 'jumprelu') throw config.unsupported('act_fn', 'jumprelu');
  const input = config.text('hook_point_in');
  const output = config.text('hook_point_out');
  const header = headerOf(location, tensors, {
    ...{ format: llamaScope.name, hook: input, activation, gauge: 'theta', inputNorm: normActivation(config) },
    notes: [
      ...writesElsewhere(input, output),
      ...(perFeature && normActivation(config) === 'dataset-wise' && !hasNorms(config) ? [NO_NORM] : []),
    ],
  });
  return { header, tensors, config, file };
}

const NO_NORM = 'the average norm of its activations is not in the files: read with scale 1';

const NORMS = 'dataset_average_activation_norm';
const hasNorms = (config: ConfigFields): boolean => Object.keys(config.within(NORMS).values).length > 0;

function scalesOf(config: ConfigFields, { dIn, dOut }: SaeTensors): [input: number, output: number] {
  if (normActivation(config) !== 'dataset-wise' || !hasNorms(config)) return [1, 1];
  const norms = config.within(NORMS);
  return [Math.sqrt(dIn) / norms.positive('in'), Math.sqrt(dOut) / norms.positive('out')];
}

/** In the units of the stored pre-activations, in which {@link assemble} takes it. */
async function thresholdOf(
  file: TensorFile,
  tensors: SaeTensors,
  config: ConfigFields,
  { inputScale, outputScale }: { inputScale: number; outputScale: number }
): Promise<Float64Array> {
  const { features } = tensors;
  const byNorm = config.flag('sparsity_include_decoder_norm', true);
  const norms = byNorm ? rowNorms(await readMatrix(tensors, 'decoder')) : new Float64Array(features).fill(1);
  const stored = findTensor(file, PER_FEATURE);
  if (stored !== undefined) {
    const logarithms = await readVector(requireShape(stored, [features]), features);
    return thresholdByNorm(logarithms.map(Math.exp), norms);
  }
  // pre·‖w‖ > θ with both in raw units: pre/s, and w·s/t.
  const shared = config.positive('jump_relu_threshold');
  const threshold = new Float64Array(features).fill(shared * (byNorm ? outputScale : inputScale));
  return thresholdByNorm(threshold, norms);
}
