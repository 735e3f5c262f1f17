/** Five numbers that describe a distribution. */
export interface Quantiles {
  readonly min: number;
  readonly q05: number;
  readonly q50: number;
  readonly q95: number;
  readonly max: number;
}

/** Quantiles with linear interpolation between the nearest ranks (numpy's default); null for no values. */
export function quantilesOf(values: Float64Array): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (fraction: number): number => {
    const position = fraction * (sorted.length - 1);
    const low = Math.floor(position);
    const below = sorted[low]!;
    const above = sorted[Math.min(low + 1, sorted.length - 1)]!;
    return below + (above - below) * (position - low);
  };
  return { min: sorted[0]!, q05: at(0.05), q50: at(0.5), q95: at(0.95), max: sorted.at(-1)! };
}
