import type { EdgeList } from './edge-list';
import type { KnownEdges } from './scan-frame';

/**
 * The pairs that are known, by row. Values are W_ij = 2 S_ij − A_i − B_j on the grid (what matching the pair is worth
 * against leaving both out), of exact similarities or of approximate ones.
 */
export interface CandidateGraph {
  readonly rows: number;
  readonly columns: number;
  /** `[rows + 1]` */
  readonly start: Int32Array;
  /** Position of each edge. */
  readonly column: Int32Array;
  readonly value: Float64Array;
  /** 1 where the value is exact. */
  readonly exact: Uint8Array;
}

/** A and B of `AssignmentProblem`, by row and by position. */
export interface EdgeTerms {
  readonly row: Float64Array;
  readonly column: Float64Array;
}

export function emptyGraph(rows: number, columns: number): CandidateGraph {
  return {
    ...{ rows, columns },
    start: new Int32Array(rows + 1),
    column: new Int32Array(0),
    value: new Float64Array(0),
    exact: new Uint8Array(0),
  };
}

/** Adds edges; of several for one pair the first of the new lists wins, and new ones win over old ones. */
export function addEdges(graph: CandidateGraph, lists: readonly EdgeList[], terms: EdgeTerms): CandidateGraph {
  const { rows } = graph;
  const place = placesOf(graph, lists);
  const total = place[rows]!;
  const column = new Int32Array(total);
  const value = new Float64Array(total);
  const isExact = new Uint8Array(total);
  const next = place.slice(0, rows);
  for (const list of lists) {
    for (let e = 0; e < list.count; e++) {
      const row = list.row[e]!;
      const at = next[row]!++;
      const p = list.column[e]!;
      column[at] = p;
      value[at] = 2 * list.similarity[e]! - terms.row[row]! - terms.column[p]!;
      isExact[at] = Number(list.exact);
    }
  }
  // New edges lie in front of each row's place; what is kept is moved together, old edges behind them.
  const seen = new Int32Array(graph.columns).fill(-1);
  const start = new Int32Array(rows + 1);
  let at = 0;
  const keep = (row: number, p: number, worth: number, flag: number): void => {
    if (seen[p] === row) return;
    seen[p] = row;
    column[at] = p;
    value[at] = worth;
    isExact[at] = flag;
    at += 1;
  };
  for (let row = 0; row < rows; row++) {
    start[row] = at;
    for (let e = place[row]!; e < next[row]!; e++) keep(row, column[e]!, value[e]!, isExact[e]!);
    for (let e = graph.start[row]!; e < graph.start[row + 1]!; e++) {
      keep(row, graph.column[e]!, graph.value[e]!, graph.exact[e]!);
    }
  }
  start[rows] = at;
  return {
    ...graph,
    start,
    column: column.slice(0, at),
    value: value.slice(0, at),
    exact: isExact.slice(0, at),
  };
}

/** Where each row's edges begin when old and new ones are laid one after the other. */
function placesOf(graph: CandidateGraph, lists: readonly EdgeList[]): Int32Array {
  const { rows } = graph;
  const place = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) place[row + 1] = graph.start[row + 1]! - graph.start[row]!;
  for (const list of lists) {
    for (let e = 0; e < list.count; e++) {
      const row = list.row[e]!;
      place[row + 1] = place[row + 1]! + 1;
    }
  }
  for (let row = 0; row < rows; row++) place[row + 1] = place[row + 1]! + place[row]!;
  return place;
}

/** The edges of a graph in shared memory: all of them, or the exact ones, with their similarities where asked for. */
export function knownEdges(graph: CandidateGraph, which: 'all' | 'exact', terms: EdgeTerms | null = null): KnownEdges {
  const count = which === 'all' ? graph.column.length : graph.exact.reduce((sum, flag) => sum + flag, 0);
  const start = new Int32Array(new SharedArrayBuffer((graph.rows + 1) * 4));
  const column = new Int32Array(new SharedArrayBuffer(count * 4));
  const similarity = terms === null ? null : new Float64Array(new SharedArrayBuffer(count * 8));
  let at = 0;
  for (let row = 0; row < graph.rows; row++) {
    start[row] = at;
    for (let e = graph.start[row]!; e < graph.start[row + 1]!; e++) {
      if (which === 'exact' && graph.exact[e] === 0) continue;
      const p = graph.column[e]!;
      column[at] = p;
      if (similarity !== null) similarity[at] = (graph.value[e]! + terms!.row[row]! + terms!.column[p]!) / 2;
      at += 1;
    }
  }
  start[graph.rows] = at;
  return { start, column, similarity };
}

/** Index of the edge of a row and a position, −1 when it is not known. */
export function findEdge(graph: CandidateGraph, row: number, column: number): number {
  for (let e = graph.start[row]!; e < graph.start[row + 1]!; e++) if (graph.column[e] === column) return e;
  return -1;
}

/** The same edges by column: `column` holds rows. */
export function transposed(graph: CandidateGraph): Pick<CandidateGraph, 'start' | 'column' | 'value'> {
  const start = new Int32Array(graph.columns + 1);
  for (const p of graph.column) start[p + 1] = start[p + 1]! + 1;
  for (let p = 0; p < graph.columns; p++) start[p + 1] = start[p + 1]! + start[p]!;
  const next = start.slice(0, graph.columns);
  const column = new Int32Array(graph.column.length);
  const value = new Float64Array(graph.column.length);
  for (let row = 0; row < graph.rows; row++) {
    for (let e = graph.start[row]!; e < graph.start[row + 1]!; e++) {
      const at = next[graph.column[e]!]!++;
      column[at] = row;
      value[at] = graph.value[e]!;
    }
  }
  return { start, column, value };
}
