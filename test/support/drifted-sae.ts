import { withValue } from './random-sae';
import type { RandomSae, Tensor } from './random-sae';
import { randomNumbers } from '../matching/random-features';

/** A later checkpoint of an SAE: feature i is feature `order[i]` of the earlier one. */
export function permuted(sae: RandomSae, order: readonly number[]): RandomSae {
  const width = sae.b_dec.values.length;
  const columns = ({ shape, values }: Tensor): Tensor => ({
    shape,
    values: Array.from({ length: width }, (_, k) => order.map((i) => values[k * order.length + i]!)).flat(),
  });
  const rows = ({ shape, values }: Tensor, size: number): Tensor => ({
    shape,
    values: order.flatMap((i) => values.slice(i * size, (i + 1) * size)),
  });
  return {
    W_enc: columns(sae.W_enc),
    W_dec: rows(sae.W_dec, width),
    b_enc: rows(sae.b_enc, 1),
    b_dec: sae.b_dec,
    threshold: rows(sae.threshold, 1),
  };
}

/** The same with the decoder row of a feature as `row` makes it of the old one. */
export function withDecoderRow(sae: RandomSae, feature: number, row: (old: number[]) => number[]): RandomSae {
  const width = sae.b_dec.values.length;
  const changed = row(sae.W_dec.values.slice(feature * width, (feature + 1) * width));
  return changed.reduce((now, value, k) => withValue(now, 'W_dec', feature * width + k, value), sae);
}

/** A row turned by about 45 degrees, of the same length: half of it keeps, half is random. */
export function turned(seed: number): (old: number[]) => number[] {
  const random = randomNumbers(seed);
  return (old) => {
    const other = old.map(() => random() - 0.5);
    const along = dot(old, other) / dot(old, old);
    const across = other.map((value, k) => value - along * old[k]!);
    const scale = Math.sqrt(dot(old, old) / dot(across, across));
    return old.map((value, k) => (value + scale * across[k]!) / Math.SQRT2);
  };
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
