import { gridStep, gridTerms } from '../assignment-problem';
import type { Side } from '../assignment-problem';
import { alternatives } from '../alternatives';
import { canonicalMatching } from '../canonical-matching';
import { CancelledError } from '../errors';
import { vectorLength } from '../features';
import type { Features } from '../features';
import type { MatchPorts } from '../ports';
import type { TightGraph } from '../tight-graph';
import { findEdge, knownEdges } from './candidate-graph';
import type { CandidateGraph, EdgeTerms } from './candidate-graph';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint';
import { generateColumns } from './column-generation';
import type { GenerationInput } from './column-generation';
import { codeStep, powerOfTwo } from './encode';
import { createEngineState } from './engine-state';
import type { EngineState } from './engine-state';
import type { Report, ReportInput } from './report-scan';
import type { KnownEdges } from './scan-frame';
import { CONTROL, PARAMETER } from './shared-problem';
import type { SharedProblem, TileStorage } from './shared-problem';
import { NONE } from './sparse-state';
import type { OptionalSides, SparseState } from './sparse-state';
import { startOfPass, TileRunner } from './tile-runner';

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
  readonly fallbacks: number;
  readonly storage: TileStorage;
  /** Multiply-adds of the tiles that were computed, those of an earlier attempt not counted. */
  readonly multiplyAdds: number;
  /** Time of the sparse problems, null without a clock. */
  readonly solverSeconds: number | null;
}

/** Prices of staying unmatched for each side, from its squared norms. */
export type PricesOf = (norms: Float64Array, otherCount: number) => Float64Array;

/** Largest value of half precision that tiles are scaled to stay below. */
const HALF_RANGE = 30000;

/** Solves one pair: measures and encodes both sides, generates columns, and reports on the canonical optimal matching. */
export async function solvePair(
  a: Features,
  b: Features,
  availableMemory: number,
  pricesOf: PricesOf,
  ports: MatchPorts
): Promise<EngineResult> {
  const engine = new PairEngine(a, b, availableMemory, pricesOf, ports);
  try {
    return await engine.solve();
  } finally {
    await engine.close();
  }
}

class PairEngine {
  private readonly runner: TileRunner;
  private sides!: EngineResult['sides'];
  private state: EngineState;
  private solverMs = 0;

  constructor(
    a: Features,
    b: Features,
    availableMemory: number,
    pricesOf: PricesOf,
    private readonly ports: MatchPorts
  ) {
    const devices = ports.tiles.devicesFor(a.count, b.count, vectorLength(a));
    this.runner = new TileRunner(a, b, devices, availableMemory, ports, (problem) => {
      this.sides = prepare(problem, pricesOf);
    });
    this.state = createEngineState({ rows: a.count, columns: b.count });
  }

  async solve(): Promise<EngineResult> {
    try {
      await this.runner.open();
      await this.restore();
      const { problem } = this;
      const step = problem.parameters[PARAMETER.step]!;
      const targetTerm = gridTerms(this.sides.target, step);
      const terms = {
        row: gridTerms(this.sides.source, step),
        column: Float64Array.from(problem.order, (j) => targetTerm[j]!),
      };
      const isOptional = ({ prices }: Side): boolean => prices[0] !== Infinity;
      const optional = { rows: isOptional(this.sides.source), columns: isOptional(this.sides.target) };
      await generateColumns(this.generationInput(terms, optional), this.state);
      return await this.conclude(terms, optional);
    } catch (error) {
      if (error instanceof CancelledError) await this.save();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.runner.close();
  }

  private get problem(): SharedProblem {
    return this.runner.problem;
  }

  private generationInput(terms: EdgeTerms, optional: OptionalSides): GenerationInput {
    const { runner, ports } = this;
    return {
      ...{ runner, terms, optional },
      onProgress: (progress) => {
        ports.onProgress?.(progress);
      },
      check: () => {
        ports.throwIfCancelled?.();
      },
      save: () => this.saveIfDue(),
      solving: (work) => {
        const began = ports.now?.() ?? 0;
        try {
          work();
        } finally {
          this.solverMs += (ports.now?.() ?? 0) - began;
        }
      },
    };
  }

  /** Goes on from where the last attempt was left. */
  private async restore(): Promise<void> {
    const bytes = (await this.ports.checkpoint?.load()) ?? null;
    if (bytes === null) return;
    this.state = decodeCheckpoint(bytes, this.problem) ?? this.state;
  }

  private async saveIfDue(): Promise<void> {
    if (this.ports.checkpoint?.isDue() === true) await this.save();
  }

  private async save(): Promise<void> {
    const { passes, pass } = this.state;
    if (passes > 0 || (pass !== null && pass.rows > 0)) await this.ports.checkpoint?.save(encodeCheckpoint(this.state));
  }

  private async conclude(terms: EdgeTerms, optional: OptionalSides): Promise<EngineResult> {
    const { runner, state, sides, problem } = this;
    const { graph, sparse } = state;
    const step = problem.parameters[PARAMETER.step]!;
    const found = sparse.positionOf.map((p) => (p === NONE ? NONE : problem.order[p]!));
    const tight = tightGraphOf(problem, graph, sparse, optional);
    const targetOf = canonicalMatching(alternatives(tight, found), found);
    const input = reportInput(problem, graph, terms, targetOf);
    const report = await this.report(knownEdges(graph, 'exact', terms), input);
    const byColumn = (values: Float64Array): Float64Array => {
      const result = new Float64Array(values.length);
      problem.order.forEach((j, p) => (result[j] = values[p]!));
      return result;
    };
    return {
      ...{ step, targetOf, sides, passes: state.passes + 1 },
      ...{ device: runner.device, fallbacks: runner.fallbacks, storage: problem.storage },
      multiplyAdds: Atomics.load(problem.control, CONTROL.multiplied) * problem.columns * problem.width,
      solverSeconds: this.ports.now === undefined ? null : this.solverMs / 1000,
      sourceDual: sparse.rowDual.map((dual) => 0 - dual),
      targetDual: byColumn(sparse.columnDual.map((dual) => 0 - dual)),
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

  private async report(known: KnownEdges, input: ReportInput): Promise<Report> {
    const { state, runner, ports } = this;
    const { rows } = this.problem;
    const pass = (state.pass ??= startOfPass());
    await runner.pass({ kind: 'report', known, input }, pass, {
      onRows: (done) => {
        const passes = { done: state.passes * rows + done, total: (state.passes + 1) * rows };
        ports.onProgress?.({ phase: 'certificate', ...passes, gap: 0 });
      },
      onPause: () => this.saveIfDue(),
    });
    return mergeReports(pass.reports);
  }
}

/** What follows from the norms alone: prices, the grid, the order of the columns, and the scale of the codes. */
function prepare(problem: SharedProblem, pricesOf: PricesOf): EngineResult['sides'] {
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
  { rowDual, columnDual }: SparseState,
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
