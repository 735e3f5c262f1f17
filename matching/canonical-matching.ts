import type { TightGraph } from './tight-graph';

/**
 * The lexicographically smallest optimal matching: source 0 gets the smallest target it has in any optimal matching,
 * then source 1 the smallest that is left to it, and so on; unmatched counts as larger than every target. It depends
 * only on the problem, not on the solver, the duals or the order of work. Among bit-identical features lower source
 * indices therefore take lower target indices.
 *
 * @param graph tight graph of any optimal solution
 * @param targetOf any optimal matching, −1 where unmatched `[sources]`
 * @returns the canonical matching `[sources]`
 */
export function canonicalMatching(graph: TightGraph, targetOf: Int32Array): Int32Array {
  const matching = new Rematching(graph, targetOf);
  for (let source = 0; source < targetOf.length; source++) {
    for (const target of graph.targetsOf[source]!) {
      const current = matching.targetOf[source]!;
      if (current >= 0 && target >= current) break;
      if (matching.tryAssign(source, target)) break;
    }
  }
  return matching.targetOf;
}

const NONE = -1;

/** Exchanges along alternating paths of tight edges that leave sources below a fixed index alone. */
class Rematching {
  readonly targetOf: Int32Array;
  private readonly sourceOf: Int32Array;
  private readonly sourcesOf: readonly (readonly number[])[];
  private readonly stamp: Int32Array;
  private readonly cameFrom: Int32Array;
  private round = 0;

  constructor(
    private readonly graph: TightGraph,
    targetOf: Int32Array
  ) {
    this.targetOf = targetOf.slice();
    this.sourceOf = new Int32Array(graph.targetMayStayOut.length).fill(NONE);
    targetOf.forEach((target, source) => {
      if (target >= 0) this.sourceOf[target] = source;
    });
    this.sourcesOf = reverse(graph);
    this.stamp = new Int32Array(Math.max(targetOf.length, this.sourceOf.length));
    this.cameFrom = new Int32Array(this.stamp.length);
  }

  /** Gives `target` to `source` if the sources above it can still complete an optimal matching. */
  tryAssign(source: number, target: number): boolean {
    const displaced = this.sourceOf[target]!;
    if (displaced >= 0 && displaced < source) return false;
    const vacated = this.targetOf[source]!;
    const forward = displaced === NONE ? [] : this.pathForSource(source, displaced, vacated);
    if (forward === null) return false;
    const endsAtVacated = forward.length > 0 && forward[forward.length - 1]!.target === vacated;
    const backward = vacated === NONE || endsAtVacated ? [] : this.pathForTarget(source, target, vacated);
    if (backward === null) return false;
    this.apply([...forward, ...backward, { source, target }]);
    return true;
  }

  /** New places for `displaced` and those it displaces, ending at `vacated`, a free target, or a source left out. */
  private pathForSource(fixed: number, displaced: number, vacated: number): Step[] | null {
    const round = ++this.round;
    const queue = [displaced];
    let fallback: Step[] | null = null;
    // The queue grows while it is read.
    for (const source of queue) {
      if (fallback === null && this.graph.sourceMayStayOut[source] === 1) {
        fallback = this.sourceSteps(displaced, source, NONE);
      }
      for (const target of this.graph.targetsOf[source]!) {
        if (this.stamp[target] === round || target === this.targetOf[displaced]) continue;
        this.stamp[target] = round;
        this.cameFrom[target] = source;
        const owner = this.sourceOf[target]!;
        if (target === vacated) return this.sourceSteps(displaced, source, target);
        if (owner === NONE) fallback ??= this.sourceSteps(displaced, source, target);
        else if (owner > fixed) queue.push(owner);
      }
    }
    return fallback;
  }

  /** Walks back from the last source to `first`; the last source moves to `last` (NONE: stays unmatched). */
  private sourceSteps(first: number, lastSource: number, last: number): Step[] {
    const steps: Step[] = [];
    let source = lastSource;
    let target = last;
    for (;;) {
      steps.push({ source, target });
      if (source === first) return steps.reverse();
      target = this.targetOf[source]!;
      source = this.cameFrom[target]!;
    }
  }

  /** New owners for `vacated` and the targets its new owner leaves, until a target may stay free or a source was out. */
  private pathForTarget(fixed: number, taken: number, vacated: number): Step[] | null {
    if (this.graph.targetMayStayOut[vacated] === 1) return [];
    const round = ++this.round;
    const queue = [vacated];
    const wantedBy = new Map<number, number>();
    for (const target of queue) {
      for (const source of this.sourcesOf[target]!) {
        if (source <= fixed || this.stamp[source] === round) continue;
        this.stamp[source] = round;
        wantedBy.set(source, target);
        const left = this.targetOf[source]!;
        if (left === taken) continue;
        if (left === NONE || this.graph.targetMayStayOut[left] === 1)
          return this.targetSteps(wantedBy, source, vacated);
        queue.push(left);
      }
    }
    return null;
  }

  private targetSteps(wantedBy: ReadonlyMap<number, number>, last: number, vacated: number): Step[] {
    const steps: Step[] = [];
    let source = last;
    for (;;) {
      const target = wantedBy.get(source)!;
      steps.push({ source, target });
      if (target === vacated) return steps;
      source = this.sourceOf[target]!;
    }
  }

  private apply(steps: readonly Step[]): void {
    for (const { source } of steps) {
      const old = this.targetOf[source]!;
      if (old >= 0 && this.sourceOf[old] === source) this.sourceOf[old] = NONE;
    }
    for (const { source, target } of steps) {
      this.targetOf[source] = target;
      if (target >= 0) this.sourceOf[target] = source;
    }
  }
}

/** One source and its new target, NONE when it stays unmatched from now on. */
interface Step {
  readonly source: number;
  readonly target: number;
}

function reverse(graph: TightGraph): number[][] {
  const sourcesOf = Array.from({ length: graph.targetMayStayOut.length }, (): number[] => []);
  graph.targetsOf.forEach((targets, source) => {
    for (const target of targets) sourcesOf[target]!.push(source);
  });
  return sourcesOf;
}
