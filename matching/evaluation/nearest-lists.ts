import { ExactDots } from '../engine/exact-dots';
import { squaredNorms } from '../features';
import type { Features } from '../features';
import { included } from './choices';

/** The nearest targets of a source feature that are listed at first; few are asked for more. */
const LISTED = 32;
/** Columns whose products are worked out at once. */
const BATCH = 1024;

/** Targets by distance, nearest first; the lowest index first among equals. */
export interface NearestList {
  readonly target: Int32Array;
  /** ‖a‖² + ‖b‖² − 2⟨a, b⟩ of each. */
  readonly distance: Float64Array;
}

/**
 * Nearest neighbours of all pairs of two layers, exact in float64: distances are ‖a‖² + ‖b‖² − 2⟨a, b⟩ with sums in the order
 * of the elements. Costs features × features multiply-adds of whole vectors, and lists of 32 targets a feature in memory. Excluded features are
 * no one's neighbours and have none; zero rows are like all others.
 */
export class NearestLists {
  /** Nearest source of every target, the lowest index among equals; −1 where there is none. `[target features]` */
  readonly nearestSource: Int32Array;
  /** Of every source feature; empty for excluded ones. */
  readonly lists: NearestList[];
  private readonly dots: ExactDots;
  private readonly sourceNorm: Float64Array;
  private readonly targetNorm: Float64Array;

  /** @param onRow called after each source feature with the number done; throws to stop */
  constructor(source: Features, target: Features, onRow: (done: number) => void = () => undefined) {
    // The grid belongs to the engine: here products count as they are.
    this.dots = new ExactDots(source, target, 1);
    this.sourceNorm = squaredNorms(source);
    this.targetNorm = squaredNorms(target);
    this.nearestSource = new Int32Array(target.count).fill(-1);
    const least = new Float64Array(target.count).fill(Infinity);
    const columns = included(target.excluded);
    this.lists = Array.from({ length: source.count }, (_, i) => {
      const isExcluded = source.excluded[i] === 1;
      const distance = isExcluded ? new Float64Array(0) : this.distances(i, columns);
      distance.forEach((value, c) => {
        const j = columns[c]!;
        if (value >= least[j]!) return;
        least[j] = value;
        this.nearestSource[j] = i;
      });
      onRow(i + 1);
      return nearestOf(isExcluded ? columns.subarray(0, 0) : columns, distance);
    });
  }

  /** The nearest of some targets, which ascend. */
  listAmong(i: number, targets: Int32Array): NearestList {
    return nearestOf(targets, this.distances(i, targets));
  }

  private distances(i: number, columns: Int32Array): Float64Array {
    const result = new Float64Array(columns.length);
    for (let start = 0; start < columns.length; start += BATCH) {
      const batch = columns.subarray(start, start + BATCH);
      const products = this.dots.products(i, batch, batch.length);
      batch.forEach((j, c) => {
        result[start + c] = this.sourceNorm[i]! + this.targetNorm[j]! - 2 * products[c]!;
      });
    }
    return result;
  }
}

function nearestOf(targets: Int32Array, distance: Float64Array): NearestList {
  const count = Math.min(LISTED, targets.length);
  const place = new Int32Array(count);
  let filled = 0;
  for (let c = 0; c < targets.length; c++) {
    if (filled === count && distance[c]! >= distance[place[count - 1]!]!) continue;
    let at = filled < count ? filled++ : count - 1;
    // Strictly: of equals the first, whose index is lower, stays in front.
    for (; at > 0 && distance[place[at - 1]!]! > distance[c]!; at--) place[at] = place[at - 1]!;
    place[at] = c;
  }
  return { target: place.map((c) => targets[c]!), distance: Float64Array.from(place, (c) => distance[c]!) };
}
