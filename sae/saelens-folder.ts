import type { InputError } from '../matching/errors';
import { allocateRows, rowOf } from '../matching/row-matrix';
import type { FloatArray, RowMatrix } from '../matching/row-matrix';
import { VERSION } from '../matching/version';
import type { SaeHeader } from './canonical';
import type { CanonicalTensors } from './canonical-file';
import { encodeSafetensors, floatTensor } from './containers/safetensors-writer';
import type { ConvertedFile } from './convert';
import { rowNorms } from './formats/assemble';

type Refuse = (field: string, found: string, expected: string) => InputError;

/** Relative difference of norms that were computed from rows rounded to float32. */
const SAME_NORM = 1e-6;

/**
 * An SAE as a folder of SAELens 6: `cfg.json` and `sae_weights.safetensors`, all float32. Biases that were subtracted from the
 * input are in b_enc already, so `apply_b_dec_to_input` is false; gated and BatchTopK SAEs become `jumprelu`.
 *
 * @param refuse makes the error for what SAELens cannot express
 */
export function encodeSaelens(tensors: CanonicalTensors, header: SaeHeader, refuse: Refuse): readonly ConvertedFile[] {
  const { encoder, encoderBias, decoder, decoderBias, threshold, skip } = tensors;
  const features = decoder.rows;
  const architecture = architectureOf(tensors, header, refuse);
  const isJumpRelu = architecture.startsWith('jumprelu');
  const weights = [
    floatTensor('W_enc', [encoder.columns, features], transposed(encoder).blocks),
    floatTensor('b_enc', [features], [encoderBias]),
    floatTensor('W_dec', [features, decoder.columns], decoder.blocks),
    floatTensor('b_dec', [decoder.columns], [decoderBias]),
    ...(isJumpRelu ? [floatTensor('threshold', [features], [threshold!])] : []),
    ...(skip === null ? [] : [floatTensor('W_skip', [skip.rows, skip.columns], skip.blocks)]),
  ];
  const config = {
    ...{ architecture, d_in: encoder.columns, d_sae: features, dtype: 'float32', device: 'cpu' },
    ...(architecture.endsWith('transcoder') && { d_out: decoder.columns }),
    ...(architecture === 'topk' && { k: header.k, rescale_acts_by_decoder_norm: tensors.selectScale !== null }),
    apply_b_dec_to_input: false,
    normalize_activations: header.inputNorm === 'layer_norm' ? 'layer_norm' : 'none',
    reshape_activations: 'none',
    metadata: { sae_lens_version: '6.0.0', converted_by: `sae-match ${VERSION}`, hook_name: header.hook },
  };
  return [
    { name: 'cfg.json', chunks: [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)] },
    { name: 'sae_weights.safetensors', chunks: encodeSafetensors(weights, {}).chunks },
  ];
}

function architectureOf(tensors: CanonicalTensors, { activation, inputNorm }: SaeHeader, refuse: Refuse): string {
  const { encoder, decoder, threshold, skip, selectScale } = tensors;
  if (inputNorm === 'constant_norm_rescale') throw refuse('input norm', inputNorm, 'none or layer_norm');
  const isTranscoder = skip !== null || encoder.columns !== decoder.columns;
  const transcoder = `${skip === null ? '' : 'skip_'}transcoder`;
  if (threshold !== null) {
    const isRelu = threshold.every((value) => value === 0);
    if (isTranscoder) return isRelu ? transcoder : `jumprelu_${transcoder}`;
    return isRelu ? 'standard' : 'jumprelu';
  }
  if (activation !== 'topk' || isTranscoder) {
    throw refuse(
      'activation',
      isTranscoder ? `${activation} of a transcoder` : activation,
      'relu, jumprelu, gated or topk'
    );
  }
  if (selectScale === null) return 'topk';
  const norms = rowNorms(decoder);
  if (selectScale.every((value, i) => Math.abs(value - norms[i]!) <= SAME_NORM * norms[i]!)) return 'topk';
  throw refuse(
    'activation',
    'topk that ranks by a scale of its own',
    'topk that ranks by activation, or times decoder norm'
  );
}

function transposed(matrix: RowMatrix<FloatArray>): RowMatrix {
  const result = allocateRows(Float32Array, matrix.columns, matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    const values = rowOf(matrix, row);
    for (let column = 0; column < values.length; column++) rowOf(result, column)[row] = values[column]!;
  }
  return result;
}
