/** Random choices that a seed and an index repeat: every mutation has its own, so that it can be made again alone. */
export function randomOf(seed, index) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  return {
    /** A natural number below `limit`; small ones are as likely as large ones. */
    below,
    /** The same, where small numbers are likelier. */
    few: (limit) => Math.floor(limit ** next()),
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)],
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
}
