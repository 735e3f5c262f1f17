/**
 * Uniform whole numbers that follow from a seed: sfc32 of Chris Doty-Humphrey's PractRand, 128 bits of state. The same seed
 * gives the same numbers on every machine.
 */
export class SeededRandom {
  private readonly state: Uint32Array;

  /** @param seed 32 hex digits or more, such as a content key; the first 32 count */
  constructor(seed: string) {
    if (!/^[0-9a-f]{32}/.test(seed)) throw new RangeError(`a seed begins with 32 hex digits; found ${seed}`);
    this.state = Uint32Array.from({ length: 4 }, (_, word) => Number.parseInt(seed.slice(8 * word, 8 * word + 8), 16));
    // The state is mixed before its first number is used.
    for (let round = 0; round < 16; round++) this.next();
  }

  /** A whole number of `[0, limit)`, each equally likely. */
  below(limit: number): number {
    // Of 2³² numbers those beyond the last whole multiple of the limit would make small ones likelier.
    const most = Math.floor(2 ** 32 / limit) * limit;
    for (;;) {
      const value = this.next();
      if (value < most) return value % limit;
    }
  }

  /** A whole number of `[0, 2³²)`. */
  private next(): number {
    const s = this.state;
    const [a, b, c, counter] = [s[0]!, s[1]!, s[2]!, s[3]!];
    const value = (a + b + counter) >>> 0;
    s[3] = counter + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + value;
    return value;
  }
}
