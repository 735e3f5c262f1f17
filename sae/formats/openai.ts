import type { SaeHeader } from '../canonical';
import type { SaeLocation } from '../catalogue-entry';
import type { SourceView } from '../sources/source-view';
import { InputError } from '../../matching/errors';
import { readVector } from '../containers/read-tensor';
import { assemble } from './assemble';
import { layerOfFile, singleFileLocation } from './format';
import type { CandidateFile, SaeFormat } from './format';
import { headerOf } from './header';
import { PER_TOKEN } from './notes';
import { requireSaeTensors, requireShape, requireTensor } from './tensor-checks';
import type { SaeTensors, TensorLayout } from './tensor-checks';

/**
 * OpenAI's sparse_autoencoder: `<site>_v5_<width>/autoencoders/<layer>.pt`, of torch.save. encoder.weight `[F, d]`,
 * latent_bias `[F]`, decoder.weight `[d, F]`, or decoder.linear.weight `[F, d]` where it is tied to the encoder, and pre_bias
 * `[d]`, which is subtracted from the input. `activation` says TopK or ReLU; TopK SAEs normalise every token by itself.
 */
export const openai: SaeFormat = {
  name: 'openai',
  lookedFor: '<layer>.pt with pre_bias and latent_bias (OpenAI sparse_autoencoder)',
  find(view, candidates) {
    const locations = candidates.filter(isOpenai).map(({ file }) => {
      const named = /(?:^|\/)(\d+)\.pt$/.exec(file.path)?.[1];
      const layer = named === undefined ? layerOfFile(view, file.path) : Number(named);
      return { ...singleFileLocation(view, file), layer };
    });
    return Promise.resolve(locations);
  },
  async readHeader(view, location) {
    return (await parse(view, location)).header;
  },
  async load(view, location) {
    const { header, tensors } = await parse(view, location);
    const threshold = header.activation === 'relu' ? new Float64Array(tensors.features) : null;
    return assemble(header, tensors, { threshold, subtractDecoderBias: true });
  },
  async meanSquares(view, location) {
    const { header } = await parse(view, location);
    const file = await view.tensors(location.files[0]!.path);
    return readVector(requireShape(requireTensor(file, 'latents_mean_square'), [header.features]), header.features);
  },
};

function isOpenai({ tensors }: CandidateFile): boolean {
  return tensors?.kind === 'torch' && tensors.tensors.has('pre_bias') && tensors.tensors.has('latent_bias');
}

async function parse(view: SourceView, location: SaeLocation): Promise<{ header: SaeHeader; tensors: SaeTensors }> {
  const file = await view.tensors(location.files[0]!.path);
  const { activation: declared = 'nothing', 'activation_state_dict.k': k } = file.metadata;
  if (declared !== 'TopK' && declared !== 'ReLU') {
    throw new InputError('this kind of SAE is not supported by this version', {
      ...{ file: file.name, field: 'activation', found: declared, expected: 'TopK or ReLU' },
    });
  }
  const tensors = requireSaeTensors(file, layoutOf(file.tensors.has('decoder.linear.weight')));
  const isTopK = declared === 'TopK';
  const header = headerOf(location, tensors, {
    ...{ format: openai.name, hook: siteOf(view, location), gauge: 'decoder_norm' },
    ...{ activation: isTopK ? 'topk' : 'relu', inputNorm: isTopK ? 'layer_norm' : 'none' },
    k: isTopK ? topOf(file.name, k) : null,
    notes: isTopK ? [PER_TOKEN] : [],
  });
  return { header, tensors };
}

function layoutOf(tied: boolean): TensorLayout {
  const names = { encoder: 'encoder.weight', encoderBias: 'latent_bias', decoderBias: 'pre_bias' };
  return tied
    ? { encoderFeatureAxis: 0, decoderFeatureAxis: 0, names: { ...names, decoder: 'decoder.linear.weight' } }
    : { encoderFeatureAxis: 0, decoderFeatureAxis: 1, names: { ...names, decoder: 'decoder.weight' } };
}

function topOf(file: string, k: string | undefined): number {
  if (k !== undefined && /^[1-9]\d*$/.test(k)) return Number(k);
  throw new InputError('the activation is incomplete', {
    ...{ file, field: 'activation_state_dict.k', found: k ?? 'nothing', expected: 'a positive integer' },
  });
}

/** `resid_post_mlp` of `resid_post_mlp_v5_32k/autoencoders/3.pt`. */
function siteOf(view: SourceView, { path }: SaeLocation): string | null {
  const folders = `${view.source.fullRoot}/${path}`.split(/[/\\]/);
  const site = folders.findLast((folder) => /^resid_(?:post|delta)_/.test(folder));
  return site?.replace(/_v\d+_.*$/, '') ?? null;
}
