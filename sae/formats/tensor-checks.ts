import { InputError } from '../../matching/errors';
import { shapeText } from '../containers/tensor';
import type { StoredTensor, TensorFile } from '../containers/tensor';

/** The four tensors that every SAE has, checked against each other. */
export interface SaeTensors {
  readonly encoder: StoredTensor;
  readonly encoderBias: StoredTensor;
  readonly decoder: StoredTensor;
  readonly decoderBias: StoredTensor;
  readonly features: number;
  readonly dIn: number;
  readonly dOut: number;
}

/** How a format lays out its matrices and what it calls the tensors. */
export interface TensorLayout {
  /** Index of the feature axis of W_enc: 0 for `[features, d_in]`, 1 for `[d_in, features]`. W_dec is `[features, d_out]`. */
  readonly encoderFeatureAxis: 0 | 1;
  /** Maps the names in the file to `W_enc`, `W_dec`, `b_enc`, `b_dec`; identity when absent. */
  readonly rename?: (name: string) => string;
}

/** Finds a tensor by its name. @throws InputError listing what the file holds */
export function requireTensor(file: TensorFile, name: string, rename = identity): StoredTensor {
  const tensor = findTensor(file, name, rename);
  if (tensor !== undefined) return tensor;
  throw new InputError('a tensor is missing', {
    file: file.name,
    field: name,
    found: [...file.tensors.keys()].join(', ') || 'no tensors',
    expected: `a tensor named ${name}`,
  });
}

export function findTensor(file: TensorFile, name: string, rename = identity): StoredTensor | undefined {
  return file.tensors.get(name) ?? [...file.tensors.values()].find((tensor) => rename(tensor.name) === name);
}

/** Finds W_enc, b_enc, W_dec and b_dec and checks that their shapes agree. @throws InputError */
export function requireSaeTensors(file: TensorFile, { encoderFeatureAxis, rename }: TensorLayout): SaeTensors {
  const encoder = requireTensor(file, 'W_enc', rename);
  const decoder = requireTensor(file, 'W_dec', rename);
  const features = encoder.shape[encoderFeatureAxis];
  const dIn = encoder.shape[1 - encoderFeatureAxis];
  if (features === undefined || dIn === undefined || features * dIn === 0) {
    throw shapeMismatch(encoder, encoderFeatureAxis === 0 ? 'features x d_in' : 'd_in x features');
  }
  requireShape(encoder, encoderFeatureAxis === 0 ? [features, dIn] : [dIn, features]);
  const dOut = decoder.shape[1];
  if (dOut === undefined || dOut === 0) throw shapeMismatch(decoder, `${features} x d_out`);
  requireShape(decoder, [features, dOut]);
  const encoderBias = requireShape(requireTensor(file, 'b_enc', rename), [features]);
  const decoderBias = requireShape(requireTensor(file, 'b_dec', rename), [dOut]);
  return { encoder, encoderBias, decoder, decoderBias, features, dIn, dOut };
}

/** Returns the tensor when it has the shape. @throws InputError */
export function requireShape(tensor: StoredTensor, shape: readonly number[]): StoredTensor {
  const same = tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis]);
  if (same) return tensor;
  throw shapeMismatch(tensor, shapeText(shape));
}

/** A note when the matrices are not stored in one type. */
export function dtypeNotes({ encoder, decoder }: SaeTensors): readonly string[] {
  return encoder.dtype === decoder.dtype ? [] : [`W_enc is stored as ${encoder.dtype}, W_dec as ${decoder.dtype}`];
}

function shapeMismatch(tensor: StoredTensor, expected: string): InputError {
  return new InputError('the tensor does not have the shape that the others need', {
    file: tensor.file,
    field: tensor.name,
    found: shapeText(tensor.shape),
    expected,
  });
}

function identity(name: string): string {
  return name;
}
