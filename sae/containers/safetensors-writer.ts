import { InputError, SaeMatchError } from '../../matching/errors';
import type { FloatArray } from '../../matching/row-matrix';

const ITEM_BYTES = { F32: 4, I32: 4, U8: 1 } as const;

/** A tensor to be written: little-endian bytes in order, in chunks of any size. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: keyof typeof ITEM_BYTES;
  readonly shape: readonly number[];
  readonly chunks: readonly Uint8Array[];
}

/** A whole file as chunks to be written one after the other. */
export interface EncodedFile {
  readonly bytes: number;
  readonly chunks: readonly Uint8Array[];
}

/**
 * Encodes a safetensors file. The same tensors and metadata always give the same bytes: tensors are ordered by element
 * size (largest first) and name, metadata by key, and the data starts at a multiple of 8 bytes. Nothing is copied but
 * the header.
 */
export function encodeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>
): EncodedFile {
  const ordered = [...tensors].sort((a, b) => itemBytes(b) - itemBytes(a) || compare(a.name, b.name));
  const entries: [string, unknown][] = [['__metadata__', Object.fromEntries(Object.entries(metadata).sort(byKey))]];
  let position = 0;
  for (const tensor of ordered) {
    const end = position + byteLength(tensor);
    entries.push([tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [position, end] }]);
    position = end;
  }
  const header = encodeHeader(JSON.stringify(Object.fromEntries(entries)));
  return { bytes: header.length + position, chunks: [header, ...ordered.flatMap((tensor) => tensor.chunks)] };
}

/** A tensor of float32, each value rounded once; float32 arrays are not copied. @throws InputError when one does not fit */
export function floatTensor(name: string, shape: readonly number[], arrays: readonly FloatArray[]): TensorToWrite {
  const chunks = arrays.map((array) => {
    const rounded = array instanceof Float32Array ? array : roundToFloat32(name, array);
    return new Uint8Array(rounded.buffer, rounded.byteOffset, rounded.byteLength);
  });
  return { name, dtype: 'F32', shape, chunks };
}

/** A tensor of int32; the array is not copied. */
export function integerTensor(name: string, shape: readonly number[], array: Int32Array): TensorToWrite {
  return { name, dtype: 'I32', shape, chunks: [new Uint8Array(array.buffer, array.byteOffset, array.byteLength)] };
}

function roundToFloat32(name: string, array: Float64Array): Float32Array {
  const rounded = Float32Array.from(array);
  const bad = rounded.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return rounded;
  throw new InputError('a weight does not fit float32', {
    field: name,
    found: `${array[bad]}`,
    expected: 'a finite float32 number',
  });
}

function encodeHeader(json: string): Buffer {
  const text = Buffer.from(json, 'utf8');
  const padded = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8), 0);
  text.copy(padded, 8);
  return padded;
}

function byteLength(tensor: TensorToWrite): number {
  const length = tensor.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const expected = tensor.shape.reduce((product, size) => product * size, itemBytes(tensor));
  if (length === expected) return length;
  throw new SaeMatchError('a tensor to be written does not have the size of its shape', {
    field: tensor.name,
    found: `${length} bytes`,
    expected: `${expected} bytes`,
  });
}

function itemBytes({ dtype }: TensorToWrite): number {
  return ITEM_BYTES[dtype];
}

function byKey([a]: [string, string], [b]: [string, string]): number {
  return compare(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
