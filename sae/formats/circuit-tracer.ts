import { posix } from 'node:path';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import { readVector } from '../containers/read-tensor';
import { sliceOf } from '../containers/slice';
import type { StoredTensor, TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import { ConfigFields } from './config-fields';
import { singleFileLocation } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { OWN_LAYER, writesElsewhere } from './notes';
import { requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

/**
 * circuit-tracer: a folder with `config.yaml` and one file a layer, `layer_<i>.safetensors`: W_enc and W_dec `[F, d]`
 * (both), b_enc `[F]`, b_dec `[d]`, `activation_function.threshold` `[F]` where it is JumpReLU, W_skip `[d, d]` for x·W_skipᵀ.
 * Cross-layer transcoders have `W_enc_<i>.safetensors` and `W_dec_<i>.safetensors`, whose tensors end in `_<i>`, and
 * W_dec `[F, L − i, d]` writes to layer i and those after it: the slice of its own layer is compared.
 */
export const circuitTracer: SaeFormat = {
  name: 'circuit-tracer',
  lookedFor: 'config.yaml with layer_<i>.safetensors (circuit-tracer)',
  find(view, candidates) {
    const locations = candidates.flatMap((candidate) => {
      const { file } = candidate;
      const part = partOf(file.path);
      if (part === null || !isCircuitTracer(view, candidate, part)) return [];
      const companions = [configPath(view, file.path) ?? '', ...(part.crossLayer ? [decoderPath(file.path)] : [])];
      return [{ ...singleFileLocation(view, file, companions), path: file.path, layer: part.layer }];
    });
    return Promise.resolve(locations);
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, threshold, skip } = await parse(view, location);
    const { features } = tensors;
    return assemble(header, tensors, {
      threshold: threshold === null ? new Float64Array(features) : await readVector(threshold, features),
      skip: skip && { tensor: requireShape(skip, [tensors.dOut, tensors.dIn]), axis: 'rows' },
    });
  },
};

interface Transcoder {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly threshold: StoredTensor | null;
  readonly skip: StoredTensor | null;
}

interface Part {
  readonly layer: number;
  readonly crossLayer: boolean;
}

const CONFIGS = ['config.yaml', 'wandb-config.yaml', 'wanb-config.yaml'];
const THRESHOLD = 'activation_function.threshold';

function partOf(path: string): Part | null {
  const [, kind, layer] = /^(layer|W_enc)_(\d+)\.safetensors$/.exec(posix.basename(path)) ?? [];
  return kind === undefined ? null : { layer: Number(layer), crossLayer: kind === 'W_enc' };
}

/** Both matrices lie as `[F, d]`, unlike those of SAELens, whose names they have: only its own configuration tells. */
function isCircuitTracer(view: SourceView, { file, tensors }: CandidateFile, { layer, crossLayer }: Part): boolean {
  if (configPath(view, file.path) === null) return false;
  if (tensors === null) return true;
  if (tensors.kind !== 'safetensors') return false;
  const wanted = crossLayer ? [`W_enc_${layer}`] : ['W_enc', 'W_dec'];
  return wanted.every((name) => tensors.tensors.has(name));
}

function configPath(view: SourceView, weights: string): string | null {
  const places = CONFIGS.map((name) => posix.join(posix.dirname(weights), name));
  return places.find((path) => view.find(path) !== undefined) ?? null;
}

const decoderPath = (encoder: string): string =>
  posix.join(posix.dirname(encoder), posix.basename(encoder).replace('W_enc', 'W_dec'));

async function parse(view: SourceView, location: SaeLocation): Promise<Transcoder> {
  const path = location.path;
  const part = partOf(path)!;
  const configuration = configPath(view, path)!;
  const config = new ConfigFields(await view.yaml(configuration), view.source.locate(configuration));
  const encoder = await view.tensors(path);
  const file = part.crossLayer ? ownLayer(encoder, await view.tensors(decoderPath(path)), part.layer) : encoder;
  const tensors = requireSaeTensors(file, { encoderFeatureAxis: 0 });
  const stored = file.tensors.get(THRESHOLD);
  const [input, output] = [config.text('feature_input_hook'), config.text('feature_output_hook')];
  const header = headerOf(location, tensors, {
    ...{ format: circuitTracer.name, hook: input },
    // The library goes by the threshold alone, whatever its configuration says.
    activation: stored === undefined ? 'relu' : 'jumprelu',
    gauge: stored === undefined ? 'decoder_norm' : 'theta',
    notes: [...writesElsewhere(input, output), ...(part.crossLayer ? [OWN_LAYER] : [])],
  });
  const threshold = stored === undefined ? null : requireShape(stored, [tensors.features]);
  return { header, tensors, threshold, skip: file.tensors.get('W_skip') ?? null };
}

/** The tensors of one layer under the names of a transcoder, with the decoder rows for that layer. */
function ownLayer(encoder: TensorFile, decoder: TensorFile, layer: number): TensorFile {
  const ending = `_${layer}`;
  const named = [...encoder.tensors]
    .filter(([name]) => name.endsWith(ending))
    .map(([name, tensor]) => [name.slice(0, -ending.length), tensor] as const)
    .map(([name, tensor]) => [name === 'threshold' ? THRESHOLD : name, tensor] as const);
  const rows = sliceOf(requireTensor(decoder, `W_dec${ending}`), 0);
  return { ...encoder, tensors: new Map([...named, ['W_dec', rows]]) };
}
