import { posix } from 'node:path';
import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import type { TensorFile } from '../containers/tensor';
import type { SourceView } from '../sources/source-view';
import { assemble } from './assemble';
import { singleFileLocation, weightsOf } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { readConfig } from './read-config';
import { findTensor, requireSaeTensors, requireShape } from './tensor-checks';
import type { SaeTensors } from './tensor-checks';

/**
 * EleutherAI sparsify: a folder for each hook point (`layers.3`, `layers.3.mlp`, with several seeds one folder more) with
 * `sae.safetensors` and `cfg.json`. encoder.weight `[F, d]`, encoder.bias `[F]`, W_dec `[F, d]` (not transposed), b_dec
 * `[d]`, W_skip `[d, d]`. b_dec is subtracted from the input unless it is a transcoder. TopK, or the largest of each of k groups.
 */
export const sparsify: SaeFormat = {
  name: 'sparsify',
  lookedFor: 'sae.safetensors with encoder.weight and W_dec (sparsify)',
  find(view, candidates) {
    return Promise.resolve(
      candidates.filter(isSparsify).map(({ file }) => singleFileLocation(view, file, [configPath(file.path)]))
    );
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors, transcode, file } = await parse(view, location);
    const skip = findTensor(file, 'W_skip');
    return assemble(header, tensors, {
      threshold: null,
      subtractDecoderBias: !transcode,
      skip: skip === undefined ? null : { tensor: requireShape(skip, [tensors.dOut, tensors.dIn]), axis: 'rows' },
    });
  },
};

interface SparsifySae {
  readonly header: SaeHeader;
  readonly tensors: SaeTensors;
  readonly transcode: boolean;
  readonly file: TensorFile;
}

const LAYOUT = {
  names: { encoder: 'encoder.weight', encoderBias: 'encoder.bias', decoder: 'W_dec', decoderBias: 'b_dec' },
  encoderFeatureAxis: 0,
} as const;
const KNOWN = new Set<string>([...Object.values(LAYOUT.names), 'W_skip']);

function isSparsify({ tensors }: CandidateFile): boolean {
  return tensors?.kind === 'safetensors' && tensors.tensors.has('encoder.weight') && tensors.tensors.has('W_dec');
}

function configPath(weights: string): string {
  return posix.join(posix.dirname(weights), 'cfg.json');
}

async function parse(view: SourceView, location: SaeLocation): Promise<SparsifySae> {
  const weights = weightsOf(location);
  const config = await readConfig(view, configPath(weights.path));
  const file = await view.tensors(weights.path);
  const tensors = requireSaeTensors(file, LAYOUT);
  const activation = config.text('activation') ?? 'topk';
  if (activation !== 'topk' && activation !== 'groupmax') throw config.unsupported('activation', 'topk or groupmax');
  if (config.flag('signed', false)) throw config.unsupported('signed', 'false: features with a sign are not compared');
  const others = [...file.tensors.keys()].filter((name) => !KNOWN.has(name));
  const header = headerOf(location, tensors, {
    ...{ format: sparsify.name, hook: hookOf(view, location), activation, k: config.size('k'), gauge: 'decoder_norm' },
    notes: others.length === 0 ? [] : [`tensors that are not read: ${others.join(', ')}`],
  });
  return { header, tensors, transcode: config.flag('transcode', false), file };
}

/** The folder is named for the hook point. */
function hookOf(view: SourceView, { path }: SaeLocation): string | null {
  const folders = `${view.source.fullRoot}/${path}`.split(/[/\\]/);
  return folders.findLast((folder) => /^(?:layers|h)\.\d+(?:\.|$)|^embed_tokens$/.test(folder)) ?? null;
}
