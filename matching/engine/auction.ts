import type { CandidateGraph } from './candidate-graph';
import type { SparseState } from './sparse-state';
import { NONE } from './sparse-state';

/** Bids a row may make on average before a scale is given up; the shortest paths finish what it leaves. */
const BIDS_PER_ROW = 60;
/** Bids between two questions whether to stop. */
const CHECK_EVERY = 1 << 14;

export interface AuctionScales {
  /** First and last ε in grid units, and the factor between scales. */
  readonly first: number;
  readonly last: number;
  readonly factor: number;
}

/**
 * Gauss-Seidel auction with ε-scaling (D. P. Bertsekas, "Auction algorithms for network flow problems", 1992) where every
 * row and column must be matched. Brings prices and most of the matching close to the optimum at little cost; nothing
 * about its result is relied upon. `check` may throw to stop it, which leaves a state to go on from. The last bidder is served first, which keeps the contested prices in the cache.
 */
export function auction(graph: CandidateGraph, state: SparseState, scales: AuctionScales, check: () => void): void {
  for (let epsilon = scales.first; ; epsilon = Math.max(epsilon / scales.factor, scales.last)) {
    bidAll(graph, state, epsilon, check);
    if (epsilon <= scales.last) return;
  }
}

function bidAll(graph: CandidateGraph, state: SparseState, epsilon: number, check: () => void): void {
  const { start, column, value, rows } = graph;
  const { columnDual, positionOf, rowOf } = state;
  const queue = new Int32Array(rows);
  let queued = releaseUnhappy(graph, state, epsilon, queue);
  for (let bids = BIDS_PER_ROW * rows + 1000; queued > 0 && bids > 0; bids--) {
    if (bids % CHECK_EVERY === 0) check();
    const i = queue[--queued]!;
    let best = -Infinity;
    let second = -Infinity;
    let choice = NONE;
    for (let e = start[i]!; e < start[i + 1]!; e++) {
      const p = column[e]!;
      const worth = value[e]! - columnDual[p]!;
      if (worth <= second) continue;
      if (worth > best) {
        second = best;
        best = worth;
        choice = p;
      } else second = worth;
    }
    if (choice === NONE) continue;
    // A row with one candidate would bid without end: it takes it at its price.
    columnDual[choice] = columnDual[choice]! + (second === -Infinity ? 0 : best - second) + epsilon;
    const owner = rowOf[choice]!;
    if (owner !== NONE) {
      positionOf[owner] = NONE;
      if (second !== -Infinity || start[owner + 1]! - start[owner]! > 1) queue[queued++] = owner;
    }
    rowOf[choice] = i;
    positionOf[i] = choice;
  }
}

/** Frees the rows whose match is worse than their best by more than ε; they bid again. */
function releaseUnhappy(graph: CandidateGraph, state: SparseState, epsilon: number, queue: Int32Array): number {
  const { start, column, value, rows } = graph;
  const { columnDual, positionOf, rowOf } = state;
  let queued = 0;
  for (let i = rows - 1; i >= 0; i--) {
    const matched = positionOf[i]!;
    if (matched !== NONE) {
      let best = -Infinity;
      let own = -Infinity;
      for (let e = start[i]!; e < start[i + 1]!; e++) {
        const worth = value[e]! - columnDual[column[e]!]!;
        if (worth > best) best = worth;
        if (column[e] === matched) own = worth;
      }
      if (own >= best - epsilon) continue;
      rowOf[matched] = NONE;
      positionOf[i] = NONE;
    }
    queue[queued++] = i;
  }
  return queued;
}
