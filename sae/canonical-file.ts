import { InputError } from '../matching/errors';
import { foldLayer, MATRICES } from '../matching/folding';
import type { FoldedLayer, FoldOptions, MatrixName } from '../matching/folding';
import type { FloatArray, RowMatrix } from '../matching/row-matrix';
import type { Activation, CanonicalSae, SaeHeader } from './canonical';
import type { ByteReader } from './containers/byte-reader';
import { readBytes, readRows, readVector } from './containers/read-tensor';
import { openSafetensors } from './containers/safetensors';
import { encodeSafetensors, floatTensor } from './containers/safetensors-writer';
import type { EncodedFile, TensorToWrite } from './containers/safetensors-writer';
import type { StoredTensor } from './containers/tensor';
import { rowNorms } from './formats/assemble';
import { requireSaeTensors, requireShape } from './formats/tensor-checks';

/** Activations that keep the features of largest rank. */
const RANKING: readonly Activation[] = ['topk', 'groupmax', 'batchtopk'];

/** Value of the metadata key `format` of every canonical file. */
export const CANONICAL_FORMAT = 'canonical';

/** The tensors of a canonical file; written as float32, each value rounded once. */
export interface CanonicalTensors {
  /** W_enc `[features, d_in]`. */
  readonly encoder: RowMatrix<FloatArray>;
  /** b_enc `[features]`. */
  readonly encoderBias: FloatArray;
  /** W_dec `[features, d_out]`. */
  readonly decoder: RowMatrix<FloatArray>;
  /** b_dec `[d_out]`. */
  readonly decoderBias: FloatArray;
  /** `[features]`, null where the activation has none. */
  readonly threshold: FloatArray | null;
  /** 1 for features that could not be folded `[features]`; written only where there is one. */
  readonly excluded: Uint8Array | null;
  /** `select_scale` `[features]`; null where the activation ranks nothing by it. */
  readonly selectScale: FloatArray | null;
  /** `W_skip` `[d_out, d_in]`; null where there is none. */
  readonly skip: RowMatrix<FloatArray> | null;
}

/** What a canonical file says about its SAE besides the shapes. */
export type CanonicalMetadata = Pick<SaeHeader, 'activation' | 'k' | 'gauge' | 'inputNorm' | 'layer' | 'hook'>;

/**
 * Encodes a canonical safetensors file. The same tensors and metadata give the same bytes; float32 matrices are not
 * copied.
 *
 * @throws InputError when a value does not fit float32.
 */
export function encodeCanonical(tensors: CanonicalTensors, metadata: CanonicalMetadata): EncodedFile {
  const { encoder, encoderBias, decoder, decoderBias, threshold, excluded, selectScale, skip } = tensors;
  const features = decoder.rows;
  const files: TensorToWrite[] = [
    floatTensor('W_enc', [features, encoder.columns], encoder.blocks),
    floatTensor('b_enc', [features], [encoderBias]),
    floatTensor('W_dec', [features, decoder.columns], decoder.blocks),
    floatTensor('b_dec', [decoder.columns], [decoderBias]),
  ];
  if (threshold !== null) files.push(floatTensor('threshold', [features], [threshold]));
  if (excluded?.includes(1) === true) {
    files.push({ name: 'excluded', dtype: 'U8', shape: [features], chunks: [excluded] });
  }
  if (selectScale !== null) files.push(floatTensor('select_scale', [features], [selectScale]));
  if (skip !== null) files.push(floatTensor('W_skip', [skip.rows, skip.columns], skip.blocks));
  return encodeSafetensors(files, metadataStrings(metadata));
}

/** A folded SAE: the rows that are matched, and with what else makes it an SAE. */
export interface FoldedSae {
  readonly folded: FoldedLayer;
  readonly tensors: CanonicalTensors;
}

/**
 * Folds an SAE: with gauge `theta` every threshold becomes 1, with the others it stays 0 or absent.
 *
 * @throws InputError as `foldLayer` does
 */
export function foldSae(sae: CanonicalSae, options: Omit<FoldOptions, 'fold' | 'matrices'>): FoldedSae {
  // From the norms as they are: with `reuse` they are gone afterwards.
  const selectScale = foldedSelectScale(sae);
  const folded = foldLayer(sae, { ...options, fold: true });
  const one = sae.header.gauge === 'theta' ? 1 : 0;
  const tensors = {
    encoder: folded.encoder,
    encoderBias: folded.encoderBias,
    decoder: folded.decoder,
    decoderBias: sae.decoderBias,
    threshold: sae.threshold === null ? null : new Float32Array(folded.features).fill(one),
    excluded: folded.excluded,
    selectScale,
    skip: sae.skip,
  };
  return { folded, tensors };
}

/**
 * With unit decoder rows an activation is what it was times the norm, so what ranked it is divided by that: SAEs that
 * rank activations times norms rank plain activations once they are folded, and the other way round. With a given scale
 * an activation is what it was divided by that, so what ranked it is multiplied.
 */
function foldedSelectScale({ header, selectScale, scale, decoder }: CanonicalSae): Float64Array | null {
  if (header.gauge === 'theta' || !RANKING.includes(header.activation)) return null;
  if (header.gauge === 'given') {
    const given = (scale ?? new Float64Array(decoder.rows)).map((value, i) =>
      value > 0 ? (selectScale?.[i] ?? 1) * value : 0
    );
    // One number for all features ranks as none does.
    return given.every((value) => value === given[0]) ? null : given;
  }
  const folded = rowNorms(decoder).map((norm, i) => (norm === 0 ? 0 : (selectScale?.[i] ?? 1) / norm));
  return folded.every((value) => value === 1) ? null : folded;
}

/** A canonical file in memory. */
export interface DecodedCanonical {
  readonly features: number;
  /** W_enc `[features, d_in]`; null when it was not asked for. */
  readonly encoder: RowMatrix | null;
  /** b_enc `[features]`. */
  readonly encoderBias: Float32Array;
  /** W_dec `[features, d_out]`; null when it was not asked for. */
  readonly decoder: RowMatrix | null;
  /** b_dec `[d_out]`. */
  readonly decoderBias: Float32Array;
  readonly threshold: Float32Array | null;
  /** All zero when the file has none. `[features]` */
  readonly excluded: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Decodes a canonical file; only the bytes of the chosen matrices are read, by ranges.
 *
 * @throws InputError when it is damaged or not a canonical file of float32 tensors.
 */
export async function decodeCanonical(
  file: ByteReader,
  matrices: readonly MatrixName[] = MATRICES
): Promise<DecodedCanonical> {
  const opened = await openSafetensors(file);
  const tensors = requireSaeTensors(opened, { encoderFeatureAxis: 0 });
  const { features } = tensors;
  const threshold = opened.tensors.get('threshold');
  const excluded = opened.tensors.get('excluded');
  return {
    features,
    encoder: matrices.includes('encoder') ? await readFloat32Rows(tensors.encoder) : null,
    encoderBias: await readFloat32(tensors.encoderBias!, features),
    decoder: matrices.includes('decoder') ? await readFloat32Rows(tensors.decoder) : null,
    decoderBias: await readFloat32(tensors.decoderBias!, tensors.dOut),
    threshold: threshold === undefined ? null : await readFloat32(requireShape(threshold, [features]), features),
    excluded: excluded === undefined ? new Uint8Array(features) : await readBytes(excluded, features),
    metadata: opened.metadata,
  };
}

/** Keys without a value are left out. */
function metadataStrings({ activation, k, gauge, inputNorm, layer, hook }: CanonicalMetadata): Record<string, string> {
  const values = { format: CANONICAL_FORMAT, activation, k, gauge, input_norm: inputNorm, layer, hook };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]]))
  );
}

async function readFloat32Rows(tensor: StoredTensor): Promise<RowMatrix> {
  return (await readRows(requireFloat32(tensor), 'rows')) as RowMatrix;
}

async function readFloat32(tensor: StoredTensor, length: number): Promise<Float32Array> {
  return Float32Array.from(await readVector(requireFloat32(tensor), length));
}

function requireFloat32(tensor: StoredTensor): StoredTensor {
  if (tensor.dtype === 'float32') return tensor;
  throw new InputError('the canonical file does not hold float32', {
    file: tensor.file,
    field: tensor.name,
    found: tensor.dtype,
    expected: 'float32',
  });
}
