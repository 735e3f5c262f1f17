import { SaeMatchError } from '../errors';
import type { MatchProgress } from '../ports';
import { auction } from './auction';
import { addEdges, findEdge, knownEdges } from './candidate-graph';
import type { EdgeTerms } from './candidate-graph';
import type { EdgeList } from './edge-list';
import type { EngineState, Stage } from './engine-state';
import { PARAMETER } from './shared-problem';
import type { SharedProblem } from './shared-problem';
import { solveSparse } from './shortest-paths';
import { NONE } from './sparse-state';
import type { OptionalSides, SparseState } from './sparse-state';
import { sortNorms, startingPrices } from './starting-prices';
import type { StartingPrices } from './starting-prices';
import { startOfPass } from './tile-runner';
import type { TileRunner } from './tile-runner';
import type { TileStep } from './tile-worker';

export interface GenerationInput {
  readonly runner: TileRunner;
  readonly terms: EdgeTerms;
  readonly optional: OptionalSides;
  readonly onProgress: (progress: MatchProgress) => void;
  /** Called now and then by the solver; throws to stop. */
  readonly check: () => void;
  /** Saves the state, at a place from which it can be taken up again. */
  readonly save: () => Promise<void>;
  /** Carries out work of the solver. */
  readonly solving: (work: () => void) => void;
}

/** Best blocks of a row and best rows of a column that become the first candidates. */
const CANDIDATES = { perRow: 16, perColumn: 8 };
/** Rows whose best cosines tell how similar features are that have nothing to do with each other. */
const SAMPLE_ROWS = 48;
const SAMPLE_RANK = 4;
/** In units of a typical chance similarity. */
const AUCTION = { first: 0.3, last: 1e-3, factor: 5 };
const APPROXIMATE_SLACK = 1e-3;
const EXACT_SLACK = 3e-3;
const KEEP = 0.1;
/** New pairs of one row and one column that an approximate scan adds at most: a mispriced column is open to every row. */
const APPROXIMATE_MOST = { most: 64, mostOfColumn: 256 };
/** Approximate pricing ends when a scan finds fewer new pairs than this share of the rows, or after so many scans. */
const SETTLED = 0.005;
const APPROXIMATE_SCANS = { kept: 6, streamed: 2 };
const MOST_SCANS = 500;
const USUAL_PASSES = 8;

/**
 * Column generation for the assignment problem: solve a sparse problem of candidate pairs, find the pairs that its
 * prices do not rule out, add them, solve again from the prices at hand, until there is none. First on approximate
 * values, which need no exact product at all; then every pair that the error bound leaves open is evaluated in float64.
 * At the end weak duality proves the matching optimal among *all* pairs: no pair exceeds its prices, and every tight
 * pair is a known exact edge. Starts from, and advances, `state`; leaves it in the stage `report`.
 */
export async function generateColumns(input: GenerationInput, state: EngineState): Promise<void> {
  await new Generation(input, state).run();
}

class Generation {
  /** Objective − bound under the prices of the last exact scan. */
  private gap: number | null = null;
  private start!: StartingPrices;

  constructor(
    private readonly input: GenerationInput,
    private readonly state: EngineState
  ) {}

  async run(): Promise<void> {
    const { state } = this;
    await this.listByStartingPrices();
    if (state.stage === 'candidates') await this.findCandidates();
    if (state.stage === 'prices') await this.priceCandidates();
    else this.sharePrices();
    if (state.stage === 'approximate') await this.generateApproximately();
    if (state.stage === 'exact') await this.generateExactly();
  }

  private get problem(): SharedProblem {
    return this.input.runner.problem;
  }

  private async findCandidates(): Promise<void> {
    const { input, state } = this;
    state.sparse.columnDual.set(this.start.columnDual);
    this.sharePrices();
    const found = await this.pass({ kind: 'candidates', counts: CANDIDATES, rowsByPrice: input.optional.rows });
    state.graph = addEdges(state.graph, found, input.terms);
    await this.enter('prices');
  }

  /** Prices that have not settled would list the best pairs of a match that goes on badly; those it began with do not. */
  private async listByStartingPrices(): Promise<void> {
    const { input, state, problem } = this;
    state.noise ||= await this.sampleNoise();
    this.start = startingPrices(problem, state.noise, input.optional);
    this.price(problem.listingPrice, this.start.columnDual);
  }

  private async priceCandidates(): Promise<void> {
    const { input, state, problem } = this;
    const { optional, check } = input;
    const backbone = backboneOf(sortNorms(problem.rowSquared).index, problem.columns);
    this.add(edgesOf(await input.runner.run({ kind: 'evaluate', ...backbone })));
    if (optional.rows || optional.columns) this.priceByBest();
    else {
      const { graph, sparse } = state;
      const { unit } = this.start;
      const scales = { first: AUCTION.first * unit, last: AUCTION.last * unit, factor: AUCTION.factor };
      this.onAssignment();
      try {
        input.solving(() => {
          auction(graph, sparse, scales, check);
        });
      } finally {
        const { columnDual } = sparse;
        for (let p = 0; p < columnDual.length; p++) columnDual[p] = Math.round(columnDual[p]!);
      }
    }
    await this.enter('approximate');
  }

  /** Begins a stage. */
  private async enter(stage: Stage): Promise<void> {
    Object.assign(this.state, { stage, scan: 0 });
    await this.input.save();
  }

  /** Where only columns must be matched, each asks for its best offer; optional columns ask for nothing. */
  private priceByBest(): void {
    const { optional } = this.input;
    const { column, value } = this.state.graph;
    const { columnDual } = this.state.sparse;
    if (optional.columns) return;
    columnDual.fill(-Infinity);
    column.forEach((p, e) => (columnDual[p] = Math.max(columnDual[p]!, value[e]!)));
  }

  private async sampleNoise(): Promise<number> {
    const { problem, input } = this;
    const count = Math.min(SAMPLE_ROWS, problem.rows);
    const rows = Array.from({ length: count }, (_, n) => Math.floor(((n + 0.5) * problem.rows) / count));
    const results = await input.runner.run({ kind: 'sample', rows, rank: SAMPLE_RANK });
    const cosines = results.flatMap((result) => result.cosines ?? []).sort((a, b) => a - b);
    return Math.max(1e-3, 0.9 * (cosines[cosines.length >> 1] ?? 0));
  }

  private async generateApproximately(): Promise<void> {
    const { problem, state } = this;
    const scans = APPROXIMATE_SCANS[problem.storage === 'streamed' ? 'streamed' : 'kept'];
    const slack = APPROXIMATE_SLACK * this.similarityUnit();
    if (state.pass === null) await this.solve();
    while (state.scan < scans) {
      const options = { approximate: true, slack, keep: this.keep(), ...APPROXIMATE_MOST };
      const found = await this.pass({ kind: 'price', known: knownEdges(state.graph, 'all'), options });
      state.scan += 1;
      if (countOf(found) === 0) break;
      this.add(found);
      await this.solve();
      if (countOf(found) <= SETTLED * problem.rows) break;
    }
    await this.enter('exact');
  }

  private async generateExactly(): Promise<void> {
    const { state } = this;
    if (state.pass === null) await this.solve();
    while (state.scan < MOST_SCANS) {
      const slack = state.scan === 0 ? EXACT_SLACK * this.similarityUnit() : 0;
      const options = { approximate: false, slack, keep: this.keep(), ...APPROXIMATE_MOST };
      const found = await this.pass({ kind: 'price', known: knownEdges(state.graph, 'exact'), options });
      state.scan += 1;
      const violations = this.add(found);
      if (violations === 0 && this.isExact()) return this.enter('report');
      await this.solveExactly();
    }
    throw new SaeMatchError('the matching does not settle', {
      found: `${MOST_SCANS} passes`,
      remedy: 'Please report this pair of SAEs.',
    });
  }

  /** How far below their prices exact pairs may stay that are kept: where to find them again is dear, nearly tight ones only. */
  private keep(): number {
    const dear = this.problem.storage === 'streamed' || this.problem.storage === 'best';
    return dear ? KEEP * this.similarityUnit() : Infinity;
  }

  /** Solves until every matched pair is exact: an approximate one is evaluated and may lose its place. */
  private async solveExactly(): Promise<void> {
    for (;;) {
      await this.solve();
      const { graph, sparse } = this.state;
      const row: number[] = [];
      sparse.positionOf.forEach((p, i) => {
        if (p !== NONE && graph.exact[findEdge(graph, i, p)] === 0) row.push(i);
      });
      if (row.length === 0) return;
      const position = Int32Array.from(row, (i) => sparse.positionOf[i]!);
      this.add(edgesOf(await this.input.runner.run({ kind: 'evaluate', row: Int32Array.from(row), position })));
    }
  }

  /** Adds edges; returns how many of them exceed the prices, and notes by how much the rows do in all. */
  private add(lists: readonly EdgeList[]): number {
    const { state, problem } = this;
    const { terms } = this.input;
    const { rowDual, columnDual } = state.sparse;
    state.graph = addEdges(state.graph, lists, terms);
    const excess = new Float64Array(problem.rows);
    let violations = 0;
    for (const { count, row, column, similarity } of lists) {
      for (let e = 0; e < count; e++) {
        const [i, p] = [row[e]!, column[e]!];
        const more = 2 * similarity[e]! - terms.row[i]! - terms.column[p]! - rowDual[i]! - columnDual[p]!;
        if (more <= 0) continue;
        violations += 1;
        excess[i] = Math.max(excess[i]!, more);
      }
    }
    // Only exact prices of an exact matching bound anything.
    const isBound = state.stage === 'exact' && state.scan > 1;
    if (isBound) this.gap = problem.parameters[PARAMETER.step]! * excess.reduce((sum, more) => sum + more, 0);
    return violations;
  }

  private isExact(): boolean {
    const { graph, sparse } = this.state;
    const { positionOf, rowDual, columnDual } = sparse;
    return positionOf.every((p, i) => {
      if (p === NONE) return true;
      const edge = findEdge(graph, i, p);
      return graph.exact[edge] === 1 && graph.value[edge] === rowDual[i]! + columnDual[p]!;
    });
  }

  private async solve(): Promise<void> {
    const { input, state } = this;
    this.onAssignment();
    input.solving(() => {
      solveSparse(state.graph, state.sparse, input.optional, input.check);
    });
    checkRange(state.sparse);
    this.sharePrices();
    await input.save();
  }

  private onAssignment(): void {
    this.input.onProgress({ phase: 'assignment', ...this.progress(0), gap: this.gap });
  }

  /** Tells the workers the prices, in similarity units. */
  private sharePrices(): void {
    const { problem } = this;
    const { terms } = this.input;
    const half = problem.parameters[PARAMETER.step]! / 2;
    const { rowDual, columnDual } = this.state.sparse;
    for (let i = 0; i < problem.rows; i++) problem.rowPrice[i] = half * (rowDual[i]! + terms.row[i]!);
    this.price(problem.columnPrice, columnDual);
  }

  /** Prices of the columns in similarity units. */
  private price(price: Float64Array, dual: Float64Array): void {
    const { problem } = this;
    const { terms } = this.input;
    const half = problem.parameters[PARAMETER.step]! / 2;
    for (let p = 0; p < problem.columns; p++) price[p] = half * (dual[p]! + terms.column[p]!);
  }

  /** Rows scanned in all passes, of as many as are to be expected: the passes that are usual, or one more and the report. */
  private progress(done: number): { done: number; total: number } {
    const { rows } = this.problem;
    const { passes } = this.state;
    return { done: passes * rows + done, total: Math.max(USUAL_PASSES, passes + 2) * rows };
  }

  private similarityUnit(): number {
    return (this.start.unit * this.problem.parameters[PARAMETER.step]!) / 2;
  }

  private async pass(step: TileStep): Promise<readonly EdgeList[]> {
    const { input, state } = this;
    const phase = step.kind === 'candidates' ? 'candidates' : 'pricing';
    const pass = (state.pass ??= startOfPass());
    await input.runner.pass(step, pass, {
      onRows: (rows) => {
        input.onProgress({ phase, ...this.progress(rows), gap: this.gap });
      },
      onPause: input.save,
    });
    state.pass = null;
    state.passes += 1;
    return [...pass.edges, ...pass.soFar];
  }
}

/** Pairs of equal rank by norm: with them every feature that must be matched can be. */
function backboneOf(rowsByNorm: Int32Array, columns: number): { row: Int32Array; position: Int32Array } {
  const rows = rowsByNorm.length;
  const count = Math.min(rows, columns);
  const ranks = Int32Array.from({ length: count }, (_, n) => n);
  return {
    row: ranks.map((n) => rowsByNorm[Math.floor((n * rows) / count)]!),
    position: ranks.map((n) => Math.floor((n * columns) / count)),
  };
}

function edgesOf(results: readonly { readonly edges?: readonly EdgeList[] }[]): EdgeList[] {
  return results.flatMap(({ edges }) => edges ?? []);
}

const countOf = (lists: readonly EdgeList[]): number => lists.reduce((sum, { count }) => sum + count, 0);

/** Price arithmetic is exact only below 2^53. @throws SaeMatchError */
function checkRange({ rowDual, columnDual }: SparseState): void {
  for (const duals of [rowDual, columnDual]) {
    if (duals.every((dual) => Math.abs(dual) < 2 ** 52)) continue;
    throw new SaeMatchError('prices left the range in which float64 is exact', {
      expected: 'prices below 2^52 grid steps',
      remedy: 'Please report this pair of SAEs.',
    });
  }
}
