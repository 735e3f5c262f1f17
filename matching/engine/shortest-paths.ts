import { SaeMatchError } from '../errors';
import { transposed } from './candidate-graph';
import type { CandidateGraph } from './candidate-graph';
import { DistanceHeap } from './distance-heap';
import { NONE } from './sparse-state';
import type { OptionalSides, SparseState } from './sparse-state';

/** Paths between two questions whether to stop. */
const CHECK_EVERY = 64;

/**
 * Solves the sparse problem exactly from whatever column prices and matching are given (integers; ≥ 0 where columns are
 * optional): pairs that are not tight are parted, then every feature that still has to be matched, on either side, is
 * added by one shortest augmenting path over reduced costs (J. Edmonds and R. M. Karp, 1972; D. F. Crouse, 2016), which
 * ends at a free partner or at a feature that may stay out. All arithmetic is on integers and exact.
 *
 * @param check may throw to stop between two paths, which leaves a state to go on from
 * @returns number of augmenting paths
 * @throws SaeMatchError when the known edges allow no complete matching
 */
export function solveSparse(
  graph: CandidateGraph,
  state: SparseState,
  optional: OptionalSides,
  check: () => void = () => undefined
): number {
  tightenRows(graph, state, optional);
  takeTight(graph, state, optional);
  const rowSearch = new PathSearch(graph.rows, graph.columns, {
    ...graph,
    fromDual: state.rowDual,
    toDual: state.columnDual,
    partnerOfFrom: state.positionOf,
    partnerOfTo: state.rowOf,
    fromOptional: optional.rows,
  });
  const paths = rowSearch.matchAll(check);
  if (state.rowOf.every((row, p) => row !== NONE || (optional.columns && state.columnDual[p] === 0))) return paths;
  const columnSearch = new PathSearch(graph.columns, graph.rows, {
    ...transposed(graph),
    fromDual: state.columnDual,
    toDual: state.rowDual,
    partnerOfFrom: state.rowOf,
    partnerOfTo: state.positionOf,
    fromOptional: optional.columns,
  });
  return paths + columnSearch.matchAll(check);
}

/** u_i = max_p (W_ip − v_p), and pairs that are not tight under it are parted. */
function tightenRows(graph: CandidateGraph, state: SparseState, optional: OptionalSides): void {
  const { start, column, value, rows } = graph;
  const { rowDual, columnDual, positionOf, rowOf } = state;
  for (let i = 0; i < rows; i++) {
    const matched = positionOf[i]!;
    let best = optional.rows ? 0 : -Infinity;
    let own = -Infinity;
    for (let e = start[i]!; e < start[i + 1]!; e++) {
      const worth = value[e]! - columnDual[column[e]!]!;
      if (worth > best) best = worth;
      if (column[e] === matched) own = worth;
    }
    rowDual[i] = best;
    if (matched === NONE || own === best) continue;
    rowOf[matched] = NONE;
    positionOf[i] = NONE;
  }
}

/** Free rows take a free column that is tight. */
function takeTight(graph: CandidateGraph, state: SparseState, optional: OptionalSides): void {
  const { start, column, value, rows } = graph;
  const { rowDual, columnDual, positionOf, rowOf } = state;
  for (let i = 0; i < rows; i++) {
    if (positionOf[i] !== NONE || (optional.rows && rowDual[i] === 0)) continue;
    for (let e = start[i]!; e < start[i + 1]!; e++) {
      const p = column[e]!;
      if (rowOf[p] !== NONE || value[e]! - columnDual[p]! !== rowDual[i]) continue;
      rowOf[p] = i;
      positionOf[i] = p;
      break;
    }
  }
}

/** One side's view of the problem: `from` features look for partners among `to` features. */
interface SearchView {
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
  readonly fromDual: Float64Array;
  readonly toDual: Float64Array;
  readonly partnerOfFrom: Int32Array;
  readonly partnerOfTo: Int32Array;
  readonly fromOptional: boolean;
}

class PathSearch {
  private readonly distance: Float64Array;
  private readonly previous: Int32Array;
  private readonly stamp: Int32Array;
  private readonly done: Uint8Array;
  private readonly settled: Int32Array;
  private readonly heap = new DistanceHeap();

  constructor(
    private readonly count: number,
    others: number,
    private readonly view: SearchView
  ) {
    this.distance = new Float64Array(others);
    this.previous = new Int32Array(others);
    this.stamp = new Int32Array(others).fill(NONE);
    this.done = new Uint8Array(others);
    this.settled = new Int32Array(others);
  }

  /** Matches every free `from` feature that may not stay out at its price. */
  matchAll(check: () => void): number {
    const { partnerOfFrom, fromDual, fromOptional } = this.view;
    let paths = 0;
    for (let s = 0; s < this.count; s++) {
      if (partnerOfFrom[s] !== NONE) continue;
      this.lowerDual(s);
      if (fromOptional && fromDual[s] === 0) continue;
      if (paths % CHECK_EVERY === 0) check();
      this.augment(s);
      paths += 1;
    }
    return paths;
  }

  /** The least dual of a free feature that its edges allow. */
  private lowerDual(s: number): void {
    const { start, column, value, fromDual, toDual, fromOptional } = this.view;
    let least = fromOptional ? 0 : -Infinity;
    for (let e = start[s]!; e < start[s + 1]!; e++) {
      const worth = value[e]! - toDual[column[e]!]!;
      if (worth > least) least = worth;
    }
    if (least === -Infinity) throw new SaeMatchError('a feature has no candidate partner', { field: `feature ${s}` });
    fromDual[s] = least;
  }

  private augment(s: number): void {
    const { start, column, value, fromDual, toDual, partnerOfFrom, partnerOfTo, fromOptional } = this.view;
    const { distance, previous, stamp, done, settled, heap } = this;
    let end = NONE;
    // Where a feature may stay out, a path may also end by leaving it out, at the cost of what is left of its dual.
    let leaver = fromOptional ? s : NONE;
    let length = fromOptional ? fromDual[s]! : Infinity;
    let settledCount = 0;
    let i = s;
    let reached = 0;
    heap.clear();
    for (;;) {
      const base = reached + fromDual[i]!;
      for (let e = start[i]!; e < start[i + 1]!; e++) {
        const p = column[e]!;
        const candidate = base + toDual[p]! - value[e]!;
        if (candidate >= length) continue;
        if (stamp[p] === s) {
          if (done[p] === 1 || candidate >= distance[p]!) continue;
        } else {
          stamp[p] = s;
          done[p] = 0;
        }
        distance[p] = candidate;
        previous[p] = i;
        if (partnerOfTo[p] === NONE) {
          length = candidate;
          end = p;
          leaver = NONE;
        } else heap.push(candidate, p);
      }
      const p = this.nextNearest(length);
      if (p === NONE) break;
      done[p] = 1;
      settled[settledCount++] = p;
      reached = distance[p]!;
      i = partnerOfTo[p]!;
      if (fromOptional && reached + fromDual[i]! < length) {
        length = reached + fromDual[i]!;
        leaver = i;
        end = NONE;
      }
    }
    if (length === Infinity) {
      throw new SaeMatchError('the candidates allow no complete matching', { field: `feature ${s}` });
    }
    for (let n = 0; n < settledCount; n++) {
      const p = settled[n]!;
      const change = length - distance[p]!;
      toDual[p] = toDual[p]! + change;
      const owner = partnerOfTo[p]!;
      fromDual[owner] = fromDual[owner]! - change;
    }
    fromDual[s] = fromDual[s]! - length;
    if (leaver === s) return;
    if (leaver !== NONE) {
      end = partnerOfFrom[leaver]!;
      partnerOfFrom[leaver] = NONE;
    }
    this.flip(s, end);
  }

  private nextNearest(limit: number): number {
    const { heap, done, distance } = this;
    while (heap.size > 0) {
      const key = heap.leastKey;
      const p = heap.pop();
      if (key >= limit) return NONE;
      if (done[p] === 0 && distance[p] === key) return p;
    }
    return NONE;
  }

  /** Moves every feature of the path to the partner it was reached by. */
  private flip(s: number, end: number): void {
    const { partnerOfFrom, partnerOfTo } = this.view;
    let p = end;
    for (;;) {
      const i = this.previous[p]!;
      const next = partnerOfFrom[i]!;
      partnerOfTo[p] = i;
      partnerOfFrom[i] = p;
      if (i === s) return;
      p = next;
    }
  }
}
