import { InputError } from '../../matching/errors';
import { allocateRows, MAX_BLOCK_BYTES } from '../../matching/row-matrix';
import type { FloatArray, RowMatrix } from '../../matching/row-matrix';
import { allFinite, decodeFloats } from './decode-floats';
import { placeElements } from './place-elements';
import type { Placement } from './place-elements';
import { elementCount, FLOAT_BYTES, isFloatType, shapeText } from './tensor';
import type { FloatType, StoredTensor } from './tensor';

/** Which index of a stored matrix counts the features. */
export type FeatureAxis = 'rows' | 'columns';

const INTEGERS: Readonly<Record<string, (bytes: Buffer) => number>> = {
  int64: (bytes) => Number(bytes.readBigInt64LE()),
  int32: (bytes) => bytes.readInt32LE(),
  int16: (bytes) => bytes.readInt16LE(),
  int8: (bytes) => bytes.readInt8(),
  uint8: (bytes) => bytes.readUInt8(),
};

/**
 * Reads a stored matrix as feature-major rows `[features, d]`: float64 as Float64Array, the shorter types exactly as
 * Float32Array. `featureAxis` is the format's rule, never a guess from the shape.
 *
 * @throws InputError when the tensor is no float matrix, ends early, or holds NaN or infinity.
 */
export async function readRows(
  tensor: StoredTensor,
  featureAxis: FeatureAxis,
  maxBlockBytes: number = MAX_BLOCK_BYTES
): Promise<RowMatrix<FloatArray>> {
  const type = floatTypeOf(tensor);
  const [rows, columns] = tensor.shape;
  if (tensor.shape.length !== 2 || rows === undefined || columns === undefined) throw wrongShape(tensor, 'a matrix');
  const [features, width] = featureAxis === 'rows' ? [rows, columns] : [columns, rows];
  const matrix =
    type === 'float64'
      ? allocateRows(Float64Array, features, width, maxBlockBytes)
      : allocateRows(Float32Array, features, width, maxBlockBytes);
  const transposed = (featureAxis === 'columns') !== tensor.columnMajor;
  const isFinite = await fill(tensor, { type, bigEndian: tensor.bigEndian, transposed, matrix });
  if (!isFinite) throw firstNotFinite(matrix, tensor);
  return matrix;
}

/**
 * Reads a stored vector as float64.
 *
 * @throws InputError when the tensor is no float vector of `length` elements, ends early, or holds NaN or infinity.
 */
export async function readVector(tensor: StoredTensor, length: number): Promise<Float64Array> {
  const type = floatTypeOf(tensor);
  if (elementCount(tensor.shape) !== length) throw wrongShape(tensor, shapeText([length]));
  const values = new Float64Array(length);
  const position = await forEachChunk(tensor, type, (bytes, at) => {
    decodeFloats(bytes, type, tensor.bigEndian, values, at);
  });
  if (position !== length) throw endsEarly(tensor, position);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw notFinite(tensor, `${values[bad]} at index ${bad}`);
  return values;
}

/** Reads a single stored number, of a float or an integer type. @throws InputError when it is none. */
export async function readScalar(tensor: StoredTensor): Promise<number> {
  const parts: Buffer[] = [];
  if (isFloatType(tensor.dtype)) return (await readVector(tensor, 1))[0]!;
  if (elementCount(tensor.shape) !== 1) throw wrongShape(tensor, 'a single number');
  for await (const part of tensor.chunks()) parts.push(part);
  const bytes = Buffer.concat(parts);
  const read = Object.hasOwn(INTEGERS, tensor.dtype) ? INTEGERS[tensor.dtype] : undefined;
  if (read === undefined || tensor.bigEndian) throw wrongShape(tensor, 'a single little-endian number');
  try {
    return read(bytes);
  } catch {
    throw endsEarly(tensor, 0);
  }
}

/** Reads a stored vector of bytes. @throws InputError when it is no `uint8` vector of `length` elements. */
export async function readBytes(tensor: StoredTensor, length: number): Promise<Uint8Array> {
  if (tensor.dtype !== 'uint8' || tensor.shape.length !== 1 || tensor.shape[0] !== length) {
    throw wrongShape(tensor, `uint8 ${shapeText([length])}`);
  }
  const parts: Buffer[] = [];
  for await (const part of tensor.chunks()) parts.push(part);
  const all = new Uint8Array(Buffer.concat(parts));
  if (all.length !== length) throw endsEarly(tensor, all.length);
  return all;
}

/** Reads all elements. Whether all are finite. @throws InputError when the tensor ends early */
async function fill(tensor: StoredTensor, placement: Placement): Promise<boolean> {
  let isFinite = true;
  const count = await forEachChunk(tensor, placement.type, (bytes, at) => {
    isFinite = placeElements(bytes, at, placement) && isFinite;
  });
  if (count !== elementCount(tensor.shape)) throw endsEarly(tensor, count);
  return isFinite;
}

/** Calls `use` with runs of whole elements and the index of the first; returns the number of elements seen. */
async function forEachChunk(
  tensor: StoredTensor,
  type: FloatType,
  use: (bytes: Buffer, at: number) => void
): Promise<number> {
  const itemBytes = FLOAT_BYTES[type];
  const total = elementCount(tensor.shape);
  let carry: Buffer = Buffer.alloc(0);
  let position = 0;
  for await (const chunk of tensor.chunks()) {
    const joined = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const whole = joined.length - (joined.length % itemBytes);
    carry = joined.subarray(whole);
    if (position + whole / itemBytes > total) throw endsEarly(tensor, position + whole / itemBytes);
    if (whole > 0) use(joined.subarray(0, whole), position);
    position += whole / itemBytes;
  }
  return position;
}

function firstNotFinite(matrix: RowMatrix<FloatArray>, tensor: StoredTensor): InputError {
  const index = matrix.blocks.findIndex((block) => !allFinite(block));
  const block = matrix.blocks[index]!;
  const bad = block.findIndex((value) => !Number.isFinite(value));
  const feature = index * matrix.rowsPerBlock + Math.floor(bad / matrix.columns);
  return notFinite(tensor, `${block[bad]} at feature ${feature}, element ${bad % matrix.columns}`);
}

function floatTypeOf(tensor: StoredTensor): FloatType {
  if (isFloatType(tensor.dtype)) return tensor.dtype;
  throw new InputError('the weights have a type that cannot be read', {
    file: tensor.file,
    field: tensor.name,
    found: tensor.dtype,
    expected: 'float16, bfloat16, float32 or float64',
    remedy: 'Save the SAE again with one of these types.',
  });
}

function wrongShape(tensor: StoredTensor, expected: string): InputError {
  return new InputError('the tensor has the wrong shape', {
    file: tensor.file,
    field: tensor.name,
    found: `${tensor.dtype} ${shapeText(tensor.shape)}`,
    expected,
  });
}

function endsEarly(tensor: StoredTensor, elements: number): InputError {
  return new InputError('the tensor does not have as many elements as its header says', {
    file: tensor.file,
    field: tensor.name,
    found: `${elements} elements`,
    expected: shapeText(tensor.shape),
    remedy: 'The file is probably truncated: download or copy it again.',
  });
}

function notFinite(tensor: StoredTensor, found: string): InputError {
  return new InputError('the weights are not all finite', {
    file: tensor.file,
    field: tensor.name,
    found,
    expected: 'finite numbers only',
    remedy: 'This SAE is broken: get another copy, or leave its layer out.',
  });
}
