import { allocateRows, rowOf } from '../../matching/row-matrix';
import type { FloatArray, RowMatrix } from '../../matching/row-matrix';
import type { CanonicalSae, SaeHeader } from '../canonical';
import { readRows, readVector } from '../containers/read-tensor';
import type { StoredTensor } from '../containers/tensor';
import { requireFinite } from './require-finite';
import type { SaeTensors } from './tensor-checks';
import { clampThreshold } from './threshold';

/** How a format computes with its tensors, as far as it differs from plain `W_dec·act(W_enc·x + b_enc) + b_dec`. */
export interface Conventions {
  /** `[features]`, in the units of the stored pre-activations; null where the activation has none. */
  readonly threshold: Float64Array | null;
  /** Whether b_dec is subtracted from the input. Default: false. */
  readonly subtractDecoderBias?: boolean;
  /** The model's activations times this are what the encoder was trained on; null: 1. */
  readonly inputScale?: number | null;
  /** What the decoder was trained to give, in units of the model's activations; null: the same as the input's. */
  readonly outputScale?: number | null;
  /** Every encoder row is multiplied by a number of its own, the bias is not. `[features]` */
  readonly encoderScale?: Float64Array | null;
  /** The encoder's biases where they are not the stored ones. `[features]` */
  readonly encoderBias?: Float64Array;
  /** Whether TopK ranks features by activation times decoder norm. */
  readonly ranksByDecoderNorm?: boolean;
  /** Whether encoders of other SAEs have a part in its features. */
  readonly jointEncoder?: boolean;
  /** W_skip: added to the output as `W_skip·x`. `[d_out, d_in]` as stored or transposed. */
  readonly skip?: { readonly tensor: StoredTensor; readonly axis: 'rows' | 'columns' } | null;
}

/**
 * Brings an SAE into canonical form: rows of features, raw units. With an input scale s the SAE computes on s·x, which is
 * the same as W_enc, b_enc/s and θ/s on x; with an output scale t as well, W_dec·s/t and b_dec/t give raw outputs.
 * A subtracted b_dec becomes b_enc − W_enc·b_dec. All in float64.
 */
export async function assemble(
  header: SaeHeader,
  tensors: SaeTensors,
  conventions: Conventions
): Promise<CanonicalSae> {
  const { features, dOut } = tensors;
  const { skip = null } = conventions;
  const inputScale = conventions.inputScale ?? 1;
  const outputScale = conventions.outputScale ?? inputScale;
  const encoder = scaledRows(await readMatrix(tensors, 'encoder'), conventions.encoderScale ?? null);
  const decoder = scaledAll(await readMatrix(tensors, 'decoder'), inputScale / outputScale);
  const decoderBias = dividedBy(await readBias(tensors.decoderBias, dOut), outputScale);
  const encoderBias = dividedBy(conventions.encoderBias ?? (await readBias(tensors.encoderBias, features)), inputScale);
  if (conventions.subtractDecoderBias === true) subtractFromInput(encoderBias, encoder, decoderBias);
  const clamped = conventions.threshold && clampThreshold(dividedBy(conventions.threshold, inputScale));
  const sae: CanonicalSae = {
    header: { ...header, notes: [...header.notes, ...(clamped?.notes ?? [])] },
    ...{ encoder, encoderBias, decoder, decoderBias },
    threshold: clamped?.threshold ?? null,
    selectScale: conventions.ranksByDecoderNorm === true ? rowNorms(decoder) : null,
    skip: skip === null ? null : await readSkip(skip, outputScale, inputScale),
    ...(conventions.jointEncoder === true && { jointEncoder: true }),
  };
  requireFinite(sae, tensors.decoder.file);
  return sae;
}

/** One of the matrices as rows of features. */
export function readMatrix(tensors: SaeTensors, name: 'encoder' | 'decoder'): Promise<RowMatrix<FloatArray>> {
  return readRows(tensors[name], tensors[`${name}FeatureAxis`] === 0 ? 'rows' : 'columns');
}

/** A bias, zero where the format has none. */
export function readBias(tensor: StoredTensor | null, length: number): Promise<Float64Array> {
  return tensor === null ? Promise.resolve(new Float64Array(length)) : readVector(tensor, length);
}

/** ‖row‖ of every row in float64. `[rows]` */
export function rowNorms(matrix: RowMatrix<FloatArray>): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, row) => {
    let sum = 0;
    for (const value of rowOf(matrix, row)) sum += value * value;
    return Math.sqrt(sum);
  });
}

/** W_enc·(x − b_dec) + b_enc = W_enc·x + (b_enc − W_enc·b_dec). */
function subtractFromInput(encoderBias: Float64Array, encoder: RowMatrix<FloatArray>, decoderBias: Float64Array): void {
  for (let feature = 0; feature < encoderBias.length; feature++) {
    const row = rowOf(encoder, feature);
    let product = 0;
    for (let k = 0; k < row.length; k++) product += row[k]! * decoderBias[k]!;
    encoderBias[feature] = encoderBias[feature]! - product;
  }
}

/** y_raw = (W_skip·(s·x)) / t. */
async function readSkip(
  { tensor, axis }: NonNullable<Conventions['skip']>,
  outputScale: number,
  inputScale: number
): Promise<RowMatrix<FloatArray>> {
  return scaledAll(await readRows(tensor, axis), inputScale / outputScale);
}

function dividedBy(values: Float64Array, scale: number): Float64Array {
  return scale === 1 ? values : values.map((value) => value / scale);
}

function scaledAll(matrix: RowMatrix<FloatArray>, scale: number): RowMatrix<FloatArray> {
  return scale === 1 ? matrix : scaledRows(matrix, new Float64Array(matrix.rows).fill(scale));
}

function scaledRows(matrix: RowMatrix<FloatArray>, scale: Float64Array | null): RowMatrix<FloatArray> {
  if (scale === null) return matrix;
  const result = allocateRows(Float64Array, matrix.rows, matrix.columns);
  for (let row = 0; row < matrix.rows; row++) {
    const to = rowOf(result, row);
    rowOf(matrix, row).forEach((value, k) => (to[k] = value * scale[row]!));
  }
  return result;
}
