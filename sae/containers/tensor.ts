/** Element types that can be decoded to floats. */
export type FloatType = 'float16' | 'bfloat16' | 'float32' | 'float64';

export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = { float16: 2, bfloat16: 2, float32: 4, float64: 8 };

/** One tensor as a container stores it: what its header says, and a way to its bytes. */
export interface StoredTensor {
  /** Full name of the file, used in errors. */
  readonly file: string;
  /** Name of the tensor inside the file. */
  readonly name: string;
  /** A {@link FloatType}, `uint8`, or the container's own name for any other type. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** True when the first index varies fastest (Fortran order). */
  readonly columnMajor: boolean;
  readonly bigEndian: boolean;
  /** All bytes of the tensor, in order, in chunks of any size. */
  readonly chunks: () => AsyncIterable<Buffer>;
}

/** A file that holds named tensors. Opening one reads headers only. */
export interface TensorFile {
  readonly kind: 'npz' | 'safetensors' | 'torch';
  /** Full name of the file, used in errors. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** String metadata of the container, empty where it has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function isFloatType(dtype: string): dtype is FloatType {
  return Object.hasOwn(FLOAT_BYTES, dtype);
}

/** `1024 x 384` for messages; `a scalar` for no dimensions. */
export function shapeText(shape: readonly (number | string)[]): string {
  return shape.length === 0 ? 'a scalar' : shape.join(' x ');
}

/** Number of elements of a shape; NaN when it is too large to be counted exactly. */
export function elementCount(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(count) ? count : NaN;
}
