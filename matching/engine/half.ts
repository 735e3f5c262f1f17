/** Largest relative error of a normal half-precision number, and the absolute one of a subnormal, with room. */
export const HALF_RELATIVE = 5e-4;
export const HALF_ABSOLUTE = 6e-8;

/** Largest finite half-precision number, and its bits with the sign set. */
const LARGEST_HALF = 65504;
export const LEAST_HALF_BITS = 0xfbff;

const float = new Float32Array(1);
const bitsOfFloat = new Uint32Array(float.buffer);

/** Bits of the half-precision number nearest to a value; beyond the range +Infinity or, below it, the least finite one. */
export function toHalf(value: number): number {
  if (value > LARGEST_HALF) return 0x7c00;
  if (value < -LARGEST_HALF) return LEAST_HALF_BITS;
  float[0] = value;
  const bits = bitsOfFloat[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  // Rounding up may carry into the exponent, which is just what it should do.
  if (exponent > 0) return sign | (((exponent << 10) | ((bits >>> 13) & 0x3ff)) + ((bits >>> 12) & 1));
  return sign | Math.round(Math.abs(value) * 2 ** 24);
}

let values: Float32Array | null = null;
let upper: Float32Array | null = null;

/** Value of every half-precision bit pattern. */
export function halfTable(): Float32Array {
  values ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits >> 15 === 0 ? 1 : -1;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return exponent === 31 ? sign * Infinity : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return values;
}

/** Upper bound on the values that a bit pattern stands for. */
export function halfUpperTable(): Float32Array {
  upper ??= halfTable().map((value) => value + Math.abs(value) * HALF_RELATIVE + HALF_ABSOLUTE);
  return upper;
}
