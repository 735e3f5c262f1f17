/** Finds the k-th largest of many values, for small k, by a running sorted list. */
export class BestValues {
  private readonly best: Float64Array;

  constructor(count: number) {
    this.best = new Float64Array(count);
  }

  /** The k-th largest of the first `count` values; −Infinity when there are no more than k. */
  threshold(values: Float64Array, count: number): number {
    const { best } = this;
    const last = best.length - 1;
    if (count <= last + 1) return -Infinity;
    best.fill(-Infinity);
    let threshold = -Infinity;
    for (let n = 0; n < count; n++) {
      const value = values[n]!;
      if (!(value > threshold)) continue;
      let at = last;
      while (at > 0 && best[at - 1]! < value) {
        best[at] = best[at - 1]!;
        at -= 1;
      }
      best[at] = value;
      threshold = best[last]!;
    }
    return threshold;
  }
}
