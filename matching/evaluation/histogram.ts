import { quantile } from '../statistics';

/** Bars of equal width, from 0 to where only one value in a hundred is larger; one more holds all above. */
export const BARS = 50;

/** How many values lie within each bar. */
export interface Histogram {
  /** Ends of the bars, ascending, one more than there are bars. */
  readonly edges: Float64Array;
  /** By sample: the values in each bar. */
  readonly counts: readonly Int32Array[];
}

/**
 * Histograms of several samples with the same bars. A value on an edge belongs to the bar above it, the largest to the last
 * bar. NaN does not count.
 *
 * @param samples values of 0 or more
 * @returns null when there are no values
 */
export function histogramOf(samples: readonly Float64Array[]): Histogram | null {
  const all = Float64Array.from(samples.flatMap((sample) => [...sample.filter((value) => !Number.isNaN(value))]));
  const end = quantile(all, 0.99);
  if (end === null) return null;
  const largest = all.reduce((most, value) => Math.max(most, value), 0);
  const edges = Float64Array.from({ length: BARS + 2 }, (_, bar) => (bar > BARS ? largest : (end * bar) / BARS));
  const counts = samples.map((sample) => {
    const bars = new Int32Array(BARS + 1);
    for (const value of sample) if (!Number.isNaN(value)) bars[barOf(value, edges)]! += 1;
    return bars;
  });
  return { edges, counts };
}

function barOf(value: number, edges: Float64Array): number {
  const end = edges[BARS]!;
  if (value >= end) return BARS;
  let bar = Math.min(BARS - 1, Math.floor((value / end) * BARS));
  // Rounding may have missed the bar by one.
  while (value < edges[bar]!) bar -= 1;
  while (value >= edges[bar + 1]!) bar += 1;
  return bar;
}
