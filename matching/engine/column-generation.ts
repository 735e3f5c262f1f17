import { SaeMatchError } from '../errors';
import type { MatchProgress, TileWorkers } from '../ports';
import { auction } from './auction';
import { addEdges, emptyGraph, findEdge, knownEdges } from './candidate-graph';
import type { CandidateGraph, EdgeTerms } from './candidate-graph';
import type { EdgeList } from './edge-list';
import { PARAMETER } from './shared-problem';
import type { SharedProblem } from './shared-problem';
import { solveSparse } from './shortest-paths';
import { createSparseState, NONE } from './sparse-state';
import type { OptionalSides, SparseState } from './sparse-state';
import { sortNorms, transportPrices } from './starting-prices';

export interface GenerationInput {
  readonly problem: SharedProblem;
  readonly workers: TileWorkers;
  readonly terms: EdgeTerms;
  readonly optional: OptionalSides;
  readonly onProgress: (progress: MatchProgress) => void;
}

/** An optimal solution of the whole problem: no pair exceeds its prices, and every tight pair is a known exact edge. */
export interface GenerationResult {
  readonly graph: CandidateGraph;
  readonly state: SparseState;
  /** Passes over all pairs, of the tiles or of what was kept of them. */
  readonly passes: number;
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
 * At the end weak duality proves the matching optimal among *all* pairs.
 */
export async function generateColumns(input: GenerationInput): Promise<GenerationResult> {
  return new Generation(input).run();
}

class Generation {
  private graph: CandidateGraph;
  private readonly state: SparseState;
  private passes = 0;
  /** Grid units of one chance similarity, as a difference of values W. */
  private unit = 0;

  constructor(private readonly input: GenerationInput) {
    const { rows, columns } = input.problem;
    this.graph = emptyGraph(rows, columns);
    this.state = createSparseState({ rows, columns });
  }

  async run(): Promise<GenerationResult> {
    await this.start();
    await this.generateApproximately();
    await this.generateExactly();
    return { graph: this.graph, state: this.state, passes: this.passes };
  }

  private async start(): Promise<void> {
    const { problem, optional, terms, workers } = this.input;
    const rowNorms = sortNorms(problem.rowSquared);
    const columnNorm = Float64Array.from(problem.order, (j) => Math.sqrt(problem.columnSquared[j]!));
    const noise = await this.sampleNoise();
    const middle = noise * rowNorms.norm[problem.rows >> 1]! * columnNorm[problem.columns >> 1]!;
    const most = rowNorms.norm[problem.rows - 1]! * columnNorm[problem.columns - 1]!;
    this.unit = (2 * Math.max(middle, 1e-9 * most)) / problem.parameters[PARAMETER.step]! || 1;
    const { columnDual } = this.state;
    if (!optional.rows && !optional.columns) {
      const factor = 2 / problem.parameters[PARAMETER.step]!;
      transportPrices(rowNorms.norm, columnNorm, noise).forEach(
        (price, p) => (columnDual[p] = Math.round(factor * price))
      );
    }
    this.sharePrices();
    const found = await this.pass({ kind: 'candidates', counts: CANDIDATES, rowsByPrice: optional.rows });
    this.graph = addEdges(this.graph, found, false, terms);
    const backbone = backboneOf(rowNorms.index, problem.columns);
    this.add(edgesOf(await workers.run({ kind: 'evaluate', ...backbone })), true);
    if (optional.rows || optional.columns) this.priceByBest();
    else {
      const { unit } = this;
      const scales = { first: AUCTION.first * unit, last: AUCTION.last * unit, factor: AUCTION.factor };
      auction(this.graph, this.state, scales);
      for (let p = 0; p < columnDual.length; p++) columnDual[p] = Math.round(columnDual[p]!);
    }
    this.solve();
  }

  /** Where only columns must be matched, each asks for its best offer; optional columns ask for nothing. */
  private priceByBest(): void {
    const { optional } = this.input;
    const { column, value } = this.graph;
    const { columnDual } = this.state;
    if (optional.columns) return;
    columnDual.fill(-Infinity);
    column.forEach((p, e) => (columnDual[p] = Math.max(columnDual[p]!, value[e]!)));
  }

  private async sampleNoise(): Promise<number> {
    const { problem, workers } = this.input;
    const count = Math.min(SAMPLE_ROWS, problem.rows);
    const rows = Array.from({ length: count }, (_, n) => Math.floor(((n + 0.5) * problem.rows) / count));
    const results = await workers.run({ kind: 'sample', rows, rank: SAMPLE_RANK });
    const cosines = results.flatMap((result) => result.cosines ?? []).sort((a, b) => a - b);
    return Math.max(1e-3, 0.9 * (cosines[cosines.length >> 1] ?? 0));
  }

  private async generateApproximately(): Promise<void> {
    const { problem } = this.input;
    const scans = problem.storage === 'streamed' ? APPROXIMATE_SCANS.streamed : APPROXIMATE_SCANS.kept;
    const slack = APPROXIMATE_SLACK * this.similarityUnit();
    for (let scan = 0; scan < scans; scan++) {
      const options = { approximate: true, slack, keep: Infinity, ...APPROXIMATE_MOST };
      const found = await this.pass({ kind: 'price', known: knownEdges(this.graph, 'all'), options });
      if (countOf(found) === 0) return;
      this.add(found, false);
      this.solve();
      if (countOf(found) <= SETTLED * problem.rows) return;
    }
  }

  private async generateExactly(): Promise<void> {
    const { problem } = this.input;
    const keep = problem.storage === 'streamed' ? KEEP * this.similarityUnit() : Infinity;
    for (let scan = 0; scan < MOST_SCANS; scan++) {
      const slack = scan === 0 ? EXACT_SLACK * this.similarityUnit() : 0;
      const options = { approximate: false, slack, keep, ...APPROXIMATE_MOST };
      const found = await this.pass({ kind: 'price', known: knownEdges(this.graph, 'exact'), options });
      const violations = this.add(found, true);
      if (violations === 0 && this.isExact()) return;
      await this.solveExactly();
    }
    throw new SaeMatchError('the matching does not settle', {
      found: `${MOST_SCANS} passes`,
      remedy: 'Please report this pair of SAEs.',
    });
  }

  /** Solves until every matched pair is exact: an approximate one is evaluated and may lose its place. */
  private async solveExactly(): Promise<void> {
    const { workers } = this.input;
    for (;;) {
      this.solve();
      const row: number[] = [];
      this.state.positionOf.forEach((p, i) => {
        if (p !== NONE && this.graph.exact[findEdge(this.graph, i, p)] === 0) row.push(i);
      });
      if (row.length === 0) return;
      const position = Int32Array.from(row, (i) => this.state.positionOf[i]!);
      const found = edgesOf(await workers.run({ kind: 'evaluate', row: Int32Array.from(row), position }));
      this.add(found, true);
    }
  }

  /** Adds edges; returns how many of them exceed the prices. */
  private add(lists: readonly EdgeList[], exact: boolean): number {
    const { terms } = this.input;
    const { rowDual, columnDual } = this.state;
    this.graph = addEdges(this.graph, lists, exact, terms);
    let violations = 0;
    for (const { count, row, column, similarity } of lists) {
      for (let e = 0; e < count; e++) {
        const [i, p] = [row[e]!, column[e]!];
        const value = 2 * similarity[e]! - terms.row[i]! - terms.column[p]!;
        if (value > rowDual[i]! + columnDual[p]!) violations += 1;
      }
    }
    return violations;
  }

  private isExact(): boolean {
    const { positionOf, rowDual, columnDual } = this.state;
    return positionOf.every((p, i) => {
      if (p === NONE) return true;
      const edge = findEdge(this.graph, i, p);
      return this.graph.exact[edge] === 1 && this.graph.value[edge] === rowDual[i]! + columnDual[p]!;
    });
  }

  private solve(): void {
    const { onProgress, optional } = this.input;
    onProgress({ phase: 'assignment', ...this.progress(0), gap: null });
    solveSparse(this.graph, this.state, optional);
    checkRange(this.state);
    this.sharePrices();
  }

  /** Tells the workers the prices, in similarity units. */
  private sharePrices(): void {
    const { problem, terms } = this.input;
    const half = problem.parameters[PARAMETER.step]! / 2;
    const { rowDual, columnDual } = this.state;
    for (let i = 0; i < problem.rows; i++) problem.rowPrice[i] = half * (rowDual[i]! + terms.row[i]!);
    for (let p = 0; p < problem.columns; p++) problem.columnPrice[p] = half * (columnDual[p]! + terms.column[p]!);
  }

  /** Rows scanned in all passes, of as many as are to be expected: the passes that are usual, or one more and the report. */
  private progress(done: number): { done: number; total: number } {
    const { rows } = this.input.problem;
    return { done: this.passes * rows + done, total: Math.max(USUAL_PASSES, this.passes + 2) * rows };
  }

  private similarityUnit(): number {
    return (this.unit * this.input.problem.parameters[PARAMETER.step]!) / 2;
  }

  private async pass(step: Parameters<TileWorkers['run']>[0]): Promise<EdgeList[]> {
    const { workers, onProgress } = this.input;
    const phase = step.kind === 'candidates' ? 'candidates' : 'pricing';
    const results = await workers.run(step, (done) => {
      onProgress({ phase, ...this.progress(done), gap: null });
    });
    this.passes += 1;
    return edgesOf(results);
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

function edgesOf(results: readonly { readonly edges?: EdgeList }[]): EdgeList[] {
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
