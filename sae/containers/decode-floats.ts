import type { FloatArray } from '../../matching/row-matrix';
import { FLOAT_BYTES } from './tensor';
import type { FloatType } from './tensor';

/**
 * Decodes little-endian `bytes` (whole elements) into `target` from `offset` on. float16, bfloat16 and float32 are exact in float32,
 * float64 needs a Float64Array. Big-endian bytes are swapped in place first.
 */
export function decodeFloats(
  bytes: Uint8Array,
  type: FloatType,
  bigEndian: boolean,
  target: FloatArray,
  offset: number
): void {
  if (bigEndian) swapBytes(bytes, type);
  if (type === 'float16') {
    decodeHalf(bytes, target, offset);
  } else if (type === 'bfloat16') {
    decodeBrain(bytes, target, offset);
  } else if (type === 'float32' && target instanceof Float64Array) {
    target.set(new Float32Array(new Uint8Array(bytes).buffer), offset);
  } else {
    // Typed arrays are little-endian on every platform that is supported, so the bytes are the numbers.
    new Uint8Array(target.buffer, target.byteOffset + offset * FLOAT_BYTES[type], bytes.length).set(bytes);
  }
}

/** x − x is 0 for a finite x and NaN for all others. Sums without branches are many times faster than `every`. */
export function allFinite(values: FloatArray): boolean {
  const { length } = values;
  // Several sums, as each addition waits for the one before.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (const whole = length - 3; i < whole; i += 4) {
    a += values[i]! - values[i]!;
    b += values[i + 1]! - values[i + 1]!;
    c += values[i + 2]! - values[i + 2]!;
    d += values[i + 3]! - values[i + 3]!;
  }
  for (; i < length; i++) a += values[i]! - values[i]!;
  return a + b + c + d === 0;
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

function decodeHalf(bytes: Uint8Array, target: FloatArray, offset: number): void {
  const table = halfValues();
  const bits = asUint16(bytes);
  for (let i = 0; i < bits.length; i++) target[offset + i] = table[bits[i]!]!;
}

/** A bfloat16 is the upper half of a float32. */
function decodeBrain(bytes: Uint8Array, target: FloatArray, offset: number): void {
  if (target instanceof Float32Array) {
    const count = bytes.length / 2;
    const words = new Uint32Array(target.buffer, target.byteOffset + offset * 4, count);
    const pairs = asUint32(bytes.subarray(0, bytes.length & ~3));
    // Two at a time take half as long.
    const { length } = pairs;
    for (let i = 0; i < length; i++) {
      const pair = pairs[i]!;
      words[2 * i] = pair << 16;
      words[2 * i + 1] = pair & 0xffff0000;
    }
    if (count % 2 === 1) words[count - 1] = (bytes[bytes.length - 1]! << 24) | (bytes[bytes.length - 2]! << 16);
    return;
  }
  const narrow = new Float32Array(bytes.length / 2);
  decodeBrain(bytes, narrow, 0);
  target.set(narrow, offset);
}

function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, bytes.length / 2);
}

function asUint32(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
}

/** Makes big-endian elements little-endian where they are. */
export function swapBytes(bytes: Uint8Array, type: FloatType): void {
  const width = FLOAT_BYTES[type];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else buffer.swap64();
}
