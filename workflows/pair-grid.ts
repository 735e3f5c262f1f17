/** State of a pair: not planned, waiting, at work, done, found done, set aside, failed. */
export type PairLetter = '.' | 'w' | 'r' | 'd' | 'c' | 'a' | 'f';
/** State of a layer's fold: waiting, folded, found folded, failed. */
export type LayerLetter = 'w' | 'd' | 'c' | 'f';

/**
 * The states of all pairs of a run as a matrix, which is small however many pairs there are: a run of 100 layers has ten
 * thousand letters. On the diagonal are layers that are compared with the previous checkpoint.
 */
export interface PairGrid {
  /** Ascending. */
  readonly layers: readonly number[];
  /** How far the fold of each of these layers is, a {@link LayerLetter} each. */
  readonly folds: string;
  /** A row for each of these layers as the source, in it a {@link PairLetter} for each as the target. */
  readonly rows: readonly string[];
}

/** @param letterOf state of each planned pair */
export function gridOf(
  pairs: readonly (readonly [number, number])[],
  letterOf: (source: number, target: number) => PairLetter,
  layers: readonly number[],
  foldOf: (layer: number) => LayerLetter
): PairGrid {
  const places = new Map(layers.map((layer, index) => [layer, index]));
  const cells = layers.map(() => new Array<PairLetter>(layers.length).fill('.'));
  for (const [source, target] of pairs) {
    cells[places.get(source)!]![places.get(target)!] = letterOf(source, target);
  }
  return { layers, folds: layers.map(foldOf).join(''), rows: cells.map((row) => row.join('')) };
}

/** A grid in which the pairs that `upper` knows have the state that they have there. Layers that only it has are left out. */
export function overlay(lower: PairGrid, upper: PairGrid): PairGrid {
  const places = new Map(upper.layers.map((layer, index) => [layer, index]));
  const rows = lower.layers.map((source, i) => {
    const above = upper.rows[places.get(source) ?? -1];
    if (above === undefined) return lower.rows[i]!;
    return lower.layers.map((target, j) => known(above[places.get(target) ?? -1]) ?? lower.rows[i]![j]!).join('');
  });
  return { ...lower, rows };
}

const known = (letter: string | undefined): string | undefined => (letter === '.' ? undefined : letter);
