/** A small reproducible generator (mulberry32) of numbers in [0, 1). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One Gaussian number. */
export function gaussian(random) {
  return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}

/** A table of Gaussian numbers for {@link fillGaussian}. */
export function gaussianTable(random) {
  return Float32Array.from({ length: 1 << 20 }, () => gaussian(random));
}

/** Fills a row from a random place of the table with a random stride: fast, and good enough for directions. */
export function fillGaussian(out, table, random) {
  let at = Math.floor(random() * table.length);
  const stride = 2 * Math.floor(random() * 1000) + 1;
  for (let k = 0; k < out.length; k++, at = (at + stride) & (table.length - 1)) out[k] = table[at];
}

/** A random order of `0 … count − 1`. */
export function shuffled(count, random) {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
