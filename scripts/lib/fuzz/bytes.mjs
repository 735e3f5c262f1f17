import { directoryOf, isZip } from './zip.mjs';

const SPECIAL = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x28, 0x2e, 0x30, 0x39, 0x5b, 0x7b, 0x22];

/** Ways to damage bytes without knowing what they mean: each gives new bytes and what was done. */
export const BYTE_MUTATIONS = {
  'flipped bits': (bytes, random) => {
    const copy = Buffer.from(bytes);
    times(random, 8, () => (copy[place(copy, random)] ^= 1 << random.below(8)));
    return copy;
  },
  'changed bytes': (bytes, random) => {
    const copy = Buffer.from(bytes);
    times(random, 6, () => (copy[place(copy, random)] = random.chance(0.5) ? random.pick(SPECIAL) : random.below(256)));
    return copy;
  },
  truncated: (bytes, random) => bytes.subarray(0, place(bytes, random)),
  'bytes inserted': (bytes, random) => {
    const at = place(bytes, random);
    const length = random.few(random.chance(0.05) ? 100_000 : 100);
    const added = random.chance(0.5) ? random.bytes(length) : Buffer.alloc(length, random.pick(SPECIAL));
    return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
  },
  'a range removed': (bytes, random) => {
    const [start, end] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  'a range repeated': (bytes, random) => {
    const [start, end] = range(bytes, random);
    const parts = Array.from({ length: 1 + random.few(20) }, () => bytes.subarray(start, end));
    return Buffer.concat([bytes.subarray(0, end), ...parts, bytes.subarray(end)]);
  },
  'ranges swapped': (bytes, random) => {
    const [a, b, c, d] = [...range(bytes, random), ...range(bytes, random)].sort((x, y) => x - y);
    const part = (start, end) => bytes.subarray(start, end);
    return Buffer.concat([part(0, a), part(c, d), part(b, c), part(a, b), part(d)]);
  },
};

function times(random, most, work) {
  for (let count = 1 + random.few(most); count > 0; count--) work();
}

/** More often in what has a structure than in weights, most bytes of which only change a number. */
function place(bytes, random) {
  if (bytes.length === 0) return 0;
  if (random.chance(0.3)) return random.below(bytes.length);
  const [start, end] = structureOf(bytes);
  return start + random.below(Math.max(1, end - start));
}

function structureOf(bytes) {
  if (isZip(bytes)) return [directoryOf(bytes), bytes.length];
  // The length in front of the header of a safetensors file.
  const header = bytes.length > 8 && bytes[8] === 0x7b ? 8 + Number(bytes.readBigUInt64LE(0)) : bytes.length;
  return [0, Math.min(bytes.length, header)];
}

function range(bytes, random) {
  const start = place(bytes, random);
  return [start, Math.min(bytes.length, start + 1 + random.few(200))];
}
