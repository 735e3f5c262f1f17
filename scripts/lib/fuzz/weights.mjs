import { isZip, unzip, zip } from './zip.mjs';

const LIMITS = [0, -0, NaN, Infinity, -Infinity, 3.4028235e38, -3.4028235e38, 1e-45, 1e30, -1e30, 1, -1, 710, 1e5];

/** Puts special numbers, one or as far as it goes, into the weights of a file, and leaves every header as it is. */
export function mutateWeights(bytes, random) {
  if (!isZip(bytes)) {
    const start = bytes.length > 8 && bytes[8] === 0x7b ? 8 + Number(bytes.readBigUInt64LE(0)) : bytes.length;
    return start < bytes.length ? withNumbers(bytes, start, random) : null;
  }
  const members = unzip(bytes);
  const storages = members?.filter(({ name }) => /\.npy$|\/data\/\d+$/.test(name)) ?? [];
  if (storages.length === 0) return null;
  const chosen = random.pick(storages);
  const start = chosen.name.endsWith('.npy') ? chosen.content.indexOf('\n') + 1 : 0;
  const content = withNumbers(chosen.content, start, random);
  return zip(members.map((member) => (member === chosen ? { ...member, content } : member)));
}

function withNumbers(bytes, start, random) {
  const copy = Buffer.from(bytes);
  const size = random.pick([2, 4, 4, 4, 8]);
  const count = Math.floor((copy.length - start) / size);
  if (count === 0) return copy;
  const number = encoded(random.pick(LIMITS), size, random);
  const first = random.below(count);
  const last = Math.min(count, first + random.few(random.chance(0.3) ? count : 4));
  for (let n = first; n < last; n++) number.copy(copy, start + n * size);
  return copy;
}

function encoded(value, size, random) {
  const bytes = Buffer.alloc(size);
  if (size === 8) bytes.writeDoubleLE(value);
  else if (size === 4) bytes.writeFloatLE(value);
  // Infinity, NaN, the largest, −0 and the smallest of float16, and the first two of bfloat16.
  else bytes.writeUInt16LE(random.pick([0x7c00, 0x7e00, 0x7bff, 0x8000, 1, 0x7f80, 0x7fc0]));
  return bytes;
}
