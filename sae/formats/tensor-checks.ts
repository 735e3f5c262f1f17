import { InputError } from '../../matching/errors';
import { shapeText } from '../containers/tensor';
import type { StoredTensor, TensorFile } from '../containers/tensor';

/** The tensors that most SAEs have, checked against each other. */
export interface SaeTensors extends Required<FeatureAxes> {
  readonly encoder: StoredTensor;
  /** Null where the format has none of this name. */
  readonly encoderBias: StoredTensor | null;
  readonly decoder: StoredTensor;
  readonly decoderBias: StoredTensor | null;
  readonly features: number;
  readonly dIn: number;
  readonly dOut: number;
}

/** Index of the feature axis of each matrix: 0 for `[features, d]`, 1 for `[d, features]`; a rule of the format. */
export interface FeatureAxes {
  readonly encoderFeatureAxis: 0 | 1;
  /** Default: 0. */
  readonly decoderFeatureAxis?: 0 | 1;
}

/** What a format calls its tensors; null where it has none. */
export interface TensorNames {
  readonly encoder: string;
  readonly encoderBias: string | null;
  readonly decoder: string;
  readonly decoderBias: string | null;
}

/** How a format lays out its matrices and what it calls the tensors. */
export interface TensorLayout extends FeatureAxes {
  /** Default: `W_enc`, `b_enc`, `W_dec`, `b_dec`. */
  readonly names?: TensorNames;
  /** Maps names in the file to those; identity when absent. */
  readonly rename?: (name: string) => string;
}

const USUAL_NAMES: TensorNames = { encoder: 'W_enc', encoderBias: 'b_enc', decoder: 'W_dec', decoderBias: 'b_dec' };
/** What `nn.Linear` layers are called and how they lie: encoder `[features, d_in]`, decoder `[d_out, features]`. */
export const LINEAR_LAYERS = {
  names: {
    encoder: 'encoder.weight',
    encoderBias: 'encoder.bias',
    decoder: 'decoder.weight',
    decoderBias: 'decoder.bias',
  },
  encoderFeatureAxis: 0,
  decoderFeatureAxis: 1,
} as const satisfies TensorLayout;

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

/** Finds both matrices and their biases and checks that their shapes agree. @throws InputError */
export function requireSaeTensors(file: TensorFile, layout: TensorLayout): SaeTensors {
  const { names = USUAL_NAMES, encoderFeatureAxis, decoderFeatureAxis = 0, rename } = layout;
  const encoder = requireTensor(file, names.encoder, rename);
  const decoder = requireTensor(file, names.decoder, rename);
  const features = encoder.shape[encoderFeatureAxis];
  const dIn = encoder.shape[1 - encoderFeatureAxis];
  if (features === undefined || dIn === undefined || features * dIn === 0) {
    throw shapeMismatch(encoder, encoderFeatureAxis === 0 ? 'features x d_in' : 'd_in x features');
  }
  requireShape(encoder, inOrder(encoderFeatureAxis, features, dIn));
  const dOut = decoder.shape[1 - decoderFeatureAxis];
  if (dOut === undefined || dOut === 0)
    throw shapeMismatch(decoder, shapeText(inOrder(decoderFeatureAxis, features, 'd_out')));
  requireShape(decoder, inOrder(decoderFeatureAxis, features, dOut));
  const bias = (name: string | null, length: number): StoredTensor | null =>
    name === null ? null : requireShape(requireTensor(file, name, rename), [length]);
  return {
    ...{ encoder, decoder, features, dIn, dOut, encoderFeatureAxis, decoderFeatureAxis },
    encoderBias: bias(names.encoderBias, features),
    decoderBias: bias(names.decoderBias, dOut),
  };
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

function inOrder<T>(featureAxis: 0 | 1, features: T, width: T): T[];
function inOrder<T, U>(featureAxis: 0 | 1, features: T, width: U): (T | U)[];
function inOrder<T, U>(featureAxis: 0 | 1, features: T, width: U): (T | U)[] {
  return featureAxis === 0 ? [features, width] : [width, features];
}

/** The error for a tensor of another shape than the others need. */
export function shapeMismatch(tensor: StoredTensor, expected: string): InputError {
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

/** The number of features that an activation keeps, or null where it keeps all. @throws InputError when it is none */
export function requireCount(file: TensorFile, k: number | null): number | null {
  if (k === null || (Number.isSafeInteger(k) && k > 0)) return k;
  throw new InputError('the number of features that are kept cannot be one', {
    ...{ file: file.name, field: 'k', found: `${k}`, expected: 'a positive integer' },
  });
}
