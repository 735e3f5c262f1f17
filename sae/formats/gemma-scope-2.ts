import { posix } from 'node:path';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readVector } from '../containers/read-tensor';
import { sliceOf } from '../containers/slice';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import { layerOfHook } from '../layer-name';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import { layerOfFile, singleFileLocation, weightsOf } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { OWN_LAYER, writesElsewhere } from './notes';
import { readConfigIfAny } from './read-config';
import { findTensor, requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

/**
 * Gemma Scope 2: `params.safetensors` with `config.json`, in `<suite>/layer_<N>_width_<w>_l0_<size>[_affine]/`. w_enc
 * `[d_in, F]`, w_dec `[F, d_out]`, b_enc and threshold `[F]`, b_dec `[d_out]`, affine_skip_connection `[d_in, d_out]`.
 * JumpReLU, nothing subtracted or normalised. Cross-layer transcoders and crosscoders have one file a layer,
 * `params_layer_<i>.safetensors`, whose w_dec `[F, L, d]` writes to all of them: the slice of its own layer is compared.
 */
export const gemmaScope2: SaeFormat = {
  name: 'gemma-scope-2',
  lookedFor: 'params.safetensors with w_enc, w_dec, threshold (Gemma Scope 2)',
  async find(view, candidates) {
    const locations: SaeLocation[] = [];
    for (const { file } of candidates.filter(isGemmaScope2)) {
      const location = singleFileLocation(view, file, [configPath(file.path)]);
      const config = await readConfigIfAny(view, configPath(file.path));
      const ofHook = layerOfHook(config?.text('hf_hook_point_in') ?? null);
      const part = partOf(file.path);
      const layer = part === null ? (ofHook ?? layerOfFile(view, file.path)) : layerOfPart(view, file.path, part);
      locations.push({ ...location, layer });
    }
    return locations;
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, threshold, file } = await parse(view, location);
    const skip = findTensor(file, 'affine_skip_connection');
    return assemble(header, tensors, {
      threshold: await readVector(threshold, tensors.features),
      // Stored for x·A.
      skip: skip === undefined ? null : { tensor: requireShape(skip, [tensors.dIn, tensors.dOut]), axis: 'columns' },
    });
  },
};

interface GemmaScope2Sae {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly threshold: StoredTensor;
  readonly file: TensorFile;
}

const LAYOUT = {
  names: { encoder: 'w_enc', encoderBias: 'b_enc', decoder: 'w_dec', decoderBias: 'b_dec' },
  encoderFeatureAxis: 1,
} as const;

function isGemmaScope2({ file, tensors }: CandidateFile): boolean {
  if (tensors === null) return /^params(?:_layer_\d+)?\.safetensors$/.test(posix.basename(file.path));
  return tensors.kind === 'safetensors' && ['w_enc', 'w_dec', 'threshold'].every((name) => tensors.tensors.has(name));
}

function configPath(weights: string): string {
  return posix.join(posix.dirname(weights), 'config.json');
}

/** Which of the layers that one file each belongs to; null where the SAE has one layer. */
function partOf(weights: string): number | null {
  const part = /^params_layer_(\d+)\.safetensors$/.exec(posix.basename(weights))?.[1];
  return part === undefined ? null : Number(part);
}

/** Crosscoders name their layers in the folder, `layer_7_13_17_22_width_65k_…`; cross-layer transcoders have all. */
function layerOfPart(view: SourceView, weights: string, part: number): number | null {
  const folders = `${view.source.fullRoot}/${posix.dirname(weights)}`.split(/[/\\]/);
  const layers = folders.map((folder) => /^layers?_(\d+(?:_\d+)+)_width_/.exec(folder)?.[1]).findLast(Boolean);
  if (layers === undefined) return part;
  const layer = layers.split('_')[part];
  return layer === undefined ? null : Number(layer);
}

async function parse(view: SourceView, location: SaeLocation): Promise<GemmaScope2Sae> {
  const weights = weightsOf(location);
  // Some folders of the release have none.
  const config = await readConfigIfAny(view, configPath(weights.path));
  if ((config?.text('architecture') ?? 'jump_relu') !== 'jump_relu') {
    throw config!.unsupported('architecture', 'jump_relu');
  }
  const file = await view.tensors(weights.path);
  const part = partOf(weights.path);
  const tensors = requireSaeTensors(part === null ? file : ownLayer(file, part), LAYOUT);
  const input = config?.text('hf_hook_point_in') ?? hookOfSuite(view, location);
  const output = config?.text('hf_hook_point_out') ?? null;
  const header = headerOf(location, tensors, {
    ...{ format: gemmaScope2.name, hook: input, activation: 'jumprelu', gauge: 'theta' },
    notes: [...writesElsewhere(input, output), ...(part === null ? [] : [OWN_LAYER])],
  });
  const threshold = requireShape(requireTensor(file, 'threshold'), [tensors.features]);
  return { header, tensors, threshold, file };
}

/** The point that the SAEs of each suite read, below `model.layers.<N>.`; some folders have no configuration. */
const SUITES: Readonly<Record<string, string>> = {
  resid_post: 'output',
  attn_out: 'self_attn.o_proj.input',
  mlp_out: 'post_feedforward_layernorm.output',
  transcoder: 'pre_feedforward_layernorm.output',
  clt: 'pre_feedforward_layernorm.output',
};

function hookOfSuite(view: SourceView, { path, layer }: SaeLocation): string | null {
  const folders = `${view.source.fullRoot}/${path}`.split(/[/\\]/).map((folder) => folder.replace(/_all$/, ''));
  const suite = folders.findLast((folder) => Object.hasOwn(SUITES, folder));
  return suite === undefined || layer === null ? null : `model.layers.${layer}.${SUITES[suite]!}`;
}

/** The same file with the decoder rows of one layer. */
function ownLayer(file: TensorFile, part: number): TensorFile {
  const decoder = requireTensor(file, 'w_dec');
  if (decoder.shape.length !== 3) return file;
  return { ...file, tensors: new Map([...file.tensors, ['w_dec', sliceOf(decoder, part)]]) };
}
