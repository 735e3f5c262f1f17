import type { TightGraph } from './tight-graph';

/**
 * Keeps of a tight graph only the edges that some optimal matching may use instead of the one at hand. Exchanging
 * partners is a round trip of moves: the source at one place moves to another, whose source moves on, and so forth;
 * *outside* is one more place, left by a source that is matched now and entered by one that stays out. An edge lies on
 * a round trip only if both its places are in one strongly connected component (R. Tarjan, 1972), so that on weights
 * without ties nothing is left to be searched.
 *
 * @param targetOf an optimal matching, −1 where unmatched `[sources]`
 */
export function alternatives(graph: TightGraph, targetOf: Int32Array): TightGraph {
  const targets = graph.targetMayStayOut.length;
  const component = components(movesOf(graph, targetOf));
  const place = (target: number): number => (target < 0 ? targets : target);
  return {
    ...graph,
    targetsOf: graph.targetsOf.map((row, source) => {
      const from = targetOf[source]!;
      return row.filter((target) => target === from || component[target] === component[place(from)]);
    }),
  };
}

/** Adjacency by place: where its source, or its emptiness, may move. The last place is outside. */
interface Moves {
  readonly start: Int32Array;
  readonly to: Int32Array;
}

function movesOf(graph: TightGraph, targetOf: Int32Array): Moves {
  const targets = graph.targetMayStayOut.length;
  const outside = targets;
  const taken = new Uint8Array(targets);
  for (const target of targetOf) if (target >= 0) taken[target] = 1;
  const from: number[] = [];
  const to: number[] = [];
  graph.targetsOf.forEach((row, source) => {
    const place = targetOf[source]! < 0 ? outside : targetOf[source]!;
    for (const target of row) {
      if (target === place) continue;
      from.push(place);
      to.push(target);
    }
    if (place !== outside && graph.sourceMayStayOut[source] === 1) {
      from.push(place);
      to.push(outside);
    }
  });
  for (let target = 0; target < targets; target++) {
    if (taken[target] === 0) {
      from.push(target);
      to.push(outside);
    } else if (graph.targetMayStayOut[target] === 1) {
      from.push(outside);
      to.push(target);
    }
  }
  return adjacency(targets + 1, from, to);
}

function adjacency(places: number, from: readonly number[], to: readonly number[]): Moves {
  const start = new Int32Array(places + 1);
  for (const place of from) start[place + 1] = start[place + 1]! + 1;
  for (let place = 0; place < places; place++) start[place + 1] = start[place + 1]! + start[place]!;
  const next = start.slice(0, places);
  const sorted = new Int32Array(to.length);
  from.forEach((place, n) => {
    sorted[next[place]!] = to[n]!;
    next[place] = next[place]! + 1;
  });
  return { start, to: sorted };
}

/** Number of the strongly connected component of each place: Tarjan's algorithm with a stack of its own. */
function components({ start, to }: Moves): Int32Array {
  const places = start.length - 1;
  const component = new Int32Array(places).fill(-1);
  const order = new Int32Array(places).fill(-1);
  const low = new Int32Array(places);
  const next = start.slice(0, places);
  const path: number[] = [];
  const open: number[] = [];
  let visited = 0;
  let found = 0;
  for (let root = 0; root < places; root++) {
    if (order[root] !== -1) continue;
    path.push(root);
    while (path.length > 0) {
      const place = path[path.length - 1]!;
      if (order[place] === -1) {
        order[place] = low[place] = visited++;
        open.push(place);
      }
      if (next[place]! < start[place + 1]!) {
        const other = to[next[place]!]!;
        next[place] = next[place]! + 1;
        if (order[other] === -1) path.push(other);
        else if (component[other] === -1) low[place] = Math.min(low[place]!, order[other]!);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[place]!);
      if (low[place] !== order[place]) continue;
      for (let member = -1; member !== place;) {
        member = open.pop()!;
        component[member] = found;
      }
      found += 1;
    }
  }
  return component;
}
