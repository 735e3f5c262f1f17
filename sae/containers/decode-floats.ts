import type { FloatArray } from '../../matching/row-matrix';
import { FLOAT_BYTES } from './tensor';
import type { FloatType } from './tensor';

/**
 * Decodes little-endian `bytes` (whole elements) into `target` from `offset` on. float16, bfloat16 and float32 are exact in float32,
 * float64 needs a Float64Array. Big-endian bytes are swapped in place first.
 */
export function decodeFloats(
  bytes: Buffer,
  type: FloatType,
  bigEndian: boolean,
  target: FloatArray,
  offset: number
): void {
  if (bigEndian) swapBytes(bytes, FLOAT_BYTES[type]);
  if (type === 'float16') {
    decodeHalf(bytes, target, offset);
  } else if (type === 'bfloat16') {
    decodeBrain(bytes, target, offset);
  } else if (type === 'float32' && target instanceof Float64Array) {
    target.set(new Float32Array(alignedCopy(bytes, 4).buffer, 0, bytes.length / 4), offset);
  } else {
    // Typed arrays are little-endian on every platform that is supported, so the bytes are the numbers.
    new Uint8Array(target.buffer, target.byteOffset + offset * FLOAT_BYTES[type], bytes.length).set(bytes);
  }
}

/** The value of a float16 bit pattern. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halfTable: Float32Array | undefined;

/** All 65,536 float16 values: a look-up is several times faster than arithmetic on each element. */
function halfValues(): Float32Array {
  halfTable ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToNumber(bits));
  return halfTable;
}

function decodeHalf(bytes: Buffer, target: FloatArray, offset: number): void {
  const table = halfValues();
  const bits = asUint16(bytes);
  for (let i = 0; i < bits.length; i++) target[offset + i] = table[bits[i]!]!;
}

/** A bfloat16 is the upper half of a float32. */
function decodeBrain(bytes: Buffer, target: FloatArray, offset: number): void {
  const bits = asUint16(bytes);
  if (target instanceof Float32Array) {
    const words = new Uint32Array(target.buffer, target.byteOffset + offset * 4, bits.length);
    for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
    return;
  }
  const narrow = new Float32Array(bits.length);
  decodeBrain(bytes, narrow, 0);
  target.set(narrow, offset);
}

function asUint16(bytes: Buffer): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : alignedCopy(bytes, 2);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, bytes.length / 2);
}

function alignedCopy(bytes: Buffer, alignment: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(Math.ceil(bytes.length / alignment) * alignment);
  copy.set(bytes);
  return copy;
}

function swapBytes(bytes: Buffer, width: number): void {
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else bytes.swap64();
}
