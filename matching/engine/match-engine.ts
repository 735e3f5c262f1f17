import { gridStep, gridTerms } from '../assignment-problem';
import type { Side } from '../assignment-problem';
import { alternatives } from '../alternatives';
import { canonicalMatching } from '../canonical-matching';
import type { Features } from '../features';
import type { MatchPorts, TileWorkers } from '../ports';
import type { TightGraph } from '../tight-graph';
import { findEdge, knownEdges } from './candidate-graph';
import type { CandidateGraph, EdgeTerms } from './candidate-graph';
import { generateColumns } from './column-generation';
import type { GenerationResult } from './column-generation';
import { codeStep, powerOfTwo } from './encode';
import type { Report, ReportInput } from './report-scan';
import { PARAMETER, shareProblem, withoutCodes } from './shared-problem';
import type { EngineShape, SharedProblem } from './shared-problem';
import { createStore } from './similarity-store';
import { NONE } from './sparse-state';
import type { OptionalSides } from './sparse-state';

/** The matching of a pair with what proves it and what is reported beside it. */
export interface EngineResult {
  /** Grid step g. */
  readonly step: number;
  /** The canonical optimal matching, −1 where unmatched. `[sources]` */
  readonly targetOf: Int32Array;
  /** U and V on the grid, in cost form: U_i + V_j ≤ C_ij everywhere. */
  readonly sourceDual: Float64Array;
  readonly targetDual: Float64Array;
  readonly sides: { readonly source: Side; readonly target: Side };
  /** Lower bound on the reduced cost of every pair of the feature but its match, in cost units. */
  readonly sourceSecond: Float64Array;
  readonly targetSecond: Float64Array;
  /** Cheapest target of each source, the lowest index on ties. `[sources]` */
  readonly nearestTarget: Int32Array;
  /** 1 where a match is each feature's cheapest partner. `[sources]` */
  readonly mutualNearest: Uint8Array;
  readonly passes: number;
  readonly device: string;
}

/** Prices of staying unmatched for each side, from its squared norms. */
export type PricesOf = (norms: Float64Array, otherCount: number) => Float64Array;

/** Largest value of half precision that tiles are scaled to stay below. */
const HALF_RANGE = 30000;

/** Solves one pair: measures and encodes both sides, generates columns, and reports on the canonical optimal matching. */
export async function solvePair(
  a: Features,
  b: Features,
  shape: EngineShape,
  pricesOf: PricesOf,
  ports: MatchPorts
): Promise<EngineResult> {
  const shared = shareProblem(a, b, shape);
  const workers = await ports.tiles.open(shared, createStore(shared));
  try {
    return await new PairEngine(shared, workers, pricesOf, ports).solve();
  } finally {
    await workers.close();
  }
}

class PairEngine {
  constructor(
    private problem: SharedProblem,
    private readonly workers: TileWorkers,
    private readonly pricesOf: PricesOf,
    private readonly ports: MatchPorts
  ) {}

  async solve(): Promise<EngineResult> {
    const { workers } = this;
    await workers.run({ kind: 'measure' });
    const sides = this.prepare();
    await workers.run({ kind: 'encode' });
    await workers.run({ kind: 'open' });
    this.problem = withoutCodes(this.problem);
    const { problem } = this;
    const step = problem.parameters[PARAMETER.step]!;
    const targetTerm = gridTerms(sides.target, step);
    const terms = {
      row: gridTerms(sides.source, step),
      column: Float64Array.from(problem.order, (j) => targetTerm[j]!),
    };
    const optional = { rows: sides.source.prices[0] !== Infinity, columns: sides.target.prices[0] !== Infinity };
    const generated = await generateColumns({
      ...{ problem, workers, terms, optional },
      onProgress: (progress) => {
        this.ports.throwIfCancelled?.();
        this.ports.onProgress?.(progress);
      },
    });
    return this.conclude(generated, terms, sides, optional);
  }

  /** What follows from the norms alone: prices, the grid, the order of the columns, and the scale of the codes. */
  private prepare(): EngineResult['sides'] {
    const { problem, pricesOf } = this;
    const source = Float64Array.from(problem.rowSquared);
    const target = Float64Array.from(problem.columnSquared);
    const sides = {
      source: { norms: source, prices: pricesOf(source, target.length) },
      target: { norms: target, prices: pricesOf(target, source.length) },
    };
    problem.parameters[PARAMETER.step] = gridStep(sides.source, sides.target);
    problem.order.set(Int32Array.from(target.keys()).sort((x, y) => target[x]! - target[y]! || x - y));
    problem.parameters[PARAMETER.codeFactor] =
      problem.arithmetic.kind === 'integer' ? integerFactor(problem) : powerOfTwo(largest(problem.columnLargest));
    return sides;
  }

  private async conclude(
    { graph, state, passes }: GenerationResult,
    terms: EdgeTerms,
    sides: EngineResult['sides'],
    optional: OptionalSides
  ): Promise<EngineResult> {
    const { problem, workers } = this;
    const step = problem.parameters[PARAMETER.step]!;
    const found = state.positionOf.map((p) => (p === NONE ? NONE : problem.order[p]!));
    const tight = tightGraphOf(problem, graph, state, optional);
    const targetOf = canonicalMatching(alternatives(tight, found), found);
    const input = reportInput(problem, graph, terms, targetOf);
    const known = knownEdges(graph, 'exact', terms);
    const results = await workers.run({ kind: 'report', known, input }, (done) => {
      this.ports.throwIfCancelled?.();
      this.ports.onProgress?.({
        phase: 'certificate',
        done: passes * problem.rows + done,
        total: (passes + 1) * problem.rows,
        gap: null,
      });
    });
    const report = mergeReports(results.map((result) => result.report!));
    const byColumn = (values: Float64Array): Float64Array => {
      const result = new Float64Array(values.length);
      problem.order.forEach((j, p) => (result[j] = values[p]!));
      return result;
    };
    return {
      ...{ step, targetOf, sides, passes: passes + 1, device: workers.device },
      sourceDual: state.rowDual.map((dual) => 0 - dual),
      targetDual: byColumn(state.columnDual.map((dual) => 0 - dual)),
      sourceSecond: report.rowSecond.map((most, i) => Math.max(0, 2 * (problem.rowPrice[i]! - most))),
      targetSecond: byColumn(report.columnSecond.map((most, p) => Math.max(0, 2 * (problem.columnPrice[p]! - most)))),
      nearestTarget: report.nearest,
      mutualNearest: Uint8Array.from(targetOf, (j, i) => {
        if (j === NONE || report.nearest[i] !== j) return 0;
        const p = input.positionOf[i]!;
        return Number(report.refuted[p] === 0 && input.matchValue[p] !== Infinity);
      }),
    };
  }
}

/** The largest power of two that keeps every scaled tile value within half precision. */
function integerFactor(problem: SharedProblem): number {
  // The norm of the rounding of d elements is at most half a step times √d.
  const rounding = Math.sqrt(problem.width) / 2;
  const most = (squared: Float64Array, biggest: Float64Array, inSteps: boolean): number =>
    squared.reduce((result, square, i) => {
      const size = codeStep(biggest[i]!);
      const norm = Math.sqrt(square) + rounding * size;
      return Math.max(result, inSteps ? norm / size : norm);
    }, 0);
  const rows = most(problem.rowSquared, problem.rowLargest, true);
  const columns = most(problem.columnSquared, problem.columnLargest, false);
  const factor = HALF_RANGE / (1.1 * rows * columns);
  return Number.isFinite(factor) ? 2 ** Math.floor(Math.log2(factor)) : 1;
}

function tightGraphOf(
  problem: SharedProblem,
  graph: CandidateGraph,
  { rowDual, columnDual }: GenerationResult['state'],
  optional: OptionalSides
): TightGraph {
  const targetsOf = Array.from(rowDual, (dual, i) => {
    const tight: number[] = [];
    for (let e = graph.start[i]!; e < graph.start[i + 1]!; e++) {
      const p = graph.column[e]!;
      if (graph.exact[e] === 1 && graph.value[e] === dual + columnDual[p]!) tight.push(problem.order[p]!);
    }
    return Int32Array.from(tight).sort();
  });
  const targetMayStayOut = new Uint8Array(columnDual.length);
  columnDual.forEach((dual, p) => (targetMayStayOut[problem.order[p]!] = Number(optional.columns && dual === 0)));
  return {
    targetsOf,
    sourceMayStayOut: Uint8Array.from(rowDual, (dual) => Number(optional.rows && dual === 0)),
    targetMayStayOut,
  };
}

/** Prepares the question whether each match is its column's nearest row; known edges alone refute most. */
function reportInput(
  problem: SharedProblem,
  graph: CandidateGraph,
  terms: EdgeTerms,
  targetOf: Int32Array
): ReportInput {
  const { rows, columns, paddedColumns, order, rowSquared } = problem;
  const step = problem.parameters[PARAMETER.step]!;
  const place = new Int32Array(columns);
  order.forEach((j, p) => (place[j] = p));
  const positionOf = targetOf.map((j) => (j === NONE ? NONE : place[j]!));
  const rowOf = new Int32Array(columns).fill(NONE);
  const matchValue = new Float64Array(paddedColumns).fill(Infinity);
  const matchGrid = new Float64Array(paddedColumns).fill(Infinity);
  const columnSecond = new Float64Array(columns).fill(-Infinity);
  const similarityOf = (e: number, i: number): number =>
    (graph.value[e]! + terms.row[i]! + terms.column[graph.column[e]!]!) / 2;
  const worth = (i: number, e: number): number => 2 * similarityOf(e, i) - Math.round(rowSquared[i]! / step);
  positionOf.forEach((p, i) => {
    if (p === NONE) return;
    rowOf[p] = i;
    matchGrid[p] = worth(i, findEdge(graph, i, p));
    matchValue[p] = (matchGrid[p] * step) / 2;
  });
  for (let i = 0; i < rows; i++) {
    for (let e = graph.start[i]!; e < graph.start[i + 1]!; e++) {
      const p = graph.column[e]!;
      if (graph.exact[e] === 0 || rowOf[p] === NONE || rowOf[p] === i) continue;
      const value = worth(i, e);
      const matched = matchGrid[p]!;
      columnSecond[p] = Math.max(columnSecond[p]!, similarityOf(e, i) * step - problem.rowPrice[i]!);
      if (value > matched || (value === matched && i < rowOf[p]!)) matchValue[p] = Infinity;
    }
  }
  return { positionOf, rowOf, matchValue, matchGrid, columnSecond };
}

function mergeReports(reports: readonly Report[]): Report {
  const [first, ...others] = reports;
  for (const other of others) {
    other.nearest.forEach((j, i) => {
      if (j !== NONE) first!.nearest[i] = j;
    });
    other.refuted.forEach((flag, p) => {
      if (flag === 1) first!.refuted[p] = 1;
    });
    other.rowSecond.forEach((most, i) => (first!.rowSecond[i] = Math.max(first!.rowSecond[i]!, most)));
    other.columnSecond.forEach((most, p) => (first!.columnSecond[p] = Math.max(first!.columnSecond[p]!, most)));
  }
  return first!;
}

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);
