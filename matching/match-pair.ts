import { defaultPrices, gridStep, gridTerms, toGrid } from './assignment-problem';
import type { AssignmentProblem, Side } from './assignment-problem';
import { canonicalMatching } from './canonical-matching';
import { certify } from './certify';
import { solveDense } from './dense-assignment';
import { MemoryBudgetError } from './errors';
import { checkComparable, squaredNorms } from './features';
import type { Features } from './features';
import { includedFeatures, selectFeatures } from './included-features';
import type { Matching } from './matching';
import type { MatchPorts } from './ports';
import { allocateRows } from './row-matrix';
import type { RowMatrix } from './row-matrix';
import { summarise } from './summarise';
import type { ReportRows } from './summarise';
import { tightGraph } from './tight-graph';

/** Version of the algorithm; part of the content address of matches. */
export const MATCHING_VERSION = 1;

export interface MatchOptions {
  /** Bytes the similarities may take: what is left of the memory budget once both layers are loaded. */
  readonly availableMemory: number;
}

/** One layer as the matcher sees it: the vectors that are compared, and the rows that are reported on. */
export interface MatchSide {
  readonly features: Features;
  readonly report: ReportRows;
}

/**
 * The certified optimal matching of two layers: minimises Σ ‖a_i − b_π(i)‖² over one-to-one assignments (SAE Match,
 * arXiv 2410.07656, Eq. 3). At unequal counts the smaller side is matched completely. Exact on the float64 dot products
 * of the float32 rows, rounded once to a grid (see `assignment-problem.ts`); of several optimal matchings the
 * lexicographically smallest. Zero rows take part like any other row; excluded features are left out on both sides.
 *
 * @throws InputError when the vectors differ in length or a side has no feature left
 * @throws MemoryBudgetError when the dense similarities do not fit the memory budget
 * @throws CancelledError when the caller stops the work
 */
export async function matchPair(
  source: MatchSide,
  target: MatchSide,
  options: MatchOptions,
  ports: MatchPorts
): Promise<Matching> {
  checkComparable(source.features, target.features);
  const sourceIndex = includedFeatures(source.features, 'source layer');
  const targetIndex = includedFeatures(target.features, 'target layer');
  checkMemory(sourceIndex.length, targetIndex.length, options);
  const a = selectFeatures(source.features, sourceIndex);
  const b = selectFeatures(target.features, targetIndex);
  const sides = {
    source: { norms: squaredNorms(a), prices: defaultPrices(a.count, b.count) },
    target: { norms: squaredNorms(b), prices: defaultPrices(b.count, a.count) },
  };
  const problem = await buildProblem(a, b, sides, ports);
  const solution = solveDense(problem, (done, total) => {
    ports.throwIfCancelled?.();
    ports.onProgress?.({ phase: 'assignment', done, total, gap: null });
  });
  const targetOf = canonicalMatching(tightGraph(problem, solution), solution.targetOf);
  ports.onProgress?.({ phase: 'certificate', done: 0, total: 1, gap: null });
  const certified = certify({ source: a, target: b, problem, solution, targetOf, sides });
  ports.onProgress?.({ phase: 'certificate', done: 1, total: 1, gap: certified.certificate.gap });
  return summarise(certified, { source, target, sourceIndex, targetIndex, device: ports.kernel.device });
}

async function buildProblem(
  a: Features,
  b: Features,
  sides: { readonly source: Side; readonly target: Side },
  ports: MatchPorts
): Promise<AssignmentProblem> {
  const step = gridStep(sides.source, sides.target);
  return {
    step,
    similarity: await gridSimilarities(a, b, step, ports),
    sourceTerm: gridTerms(sides.source, step),
    targetTerm: gridTerms(sides.target, step),
    sourcesOptional: sides.source.prices[0] !== Infinity,
    targetsOptional: sides.target.prices[0] !== Infinity,
  };
}

const TILE_ROWS = 64;

async function gridSimilarities(
  a: Features,
  b: Features,
  step: number,
  ports: MatchPorts
): Promise<RowMatrix<Float64Array>> {
  const matrix = allocateRows(Float64Array, a.count, b.count);
  const tile = new Float64Array(TILE_ROWS * b.count);
  for (let first = 0; first < a.count; first += TILE_ROWS) {
    ports.throwIfCancelled?.();
    const count = Math.min(TILE_ROWS, a.count - first);
    ports.kernel.similarities(a, b, first, count, tile);
    for (let r = 0; r < count; r++) {
      const block = matrix.blocks[Math.floor((first + r) / matrix.rowsPerBlock)]!;
      const base = ((first + r) % matrix.rowsPerBlock) * b.count;
      for (let j = 0; j < b.count; j++) block[base + j] = toGrid(tile[r * b.count + j]!, step);
    }
    ports.onProgress?.({ phase: 'similarities', done: first + count, total: a.count, gap: null });
    await Promise.resolve();
  }
  return matrix;
}

function checkMemory(sources: number, targets: number, options: MatchOptions): void {
  const needed = sources * targets * 8;
  if (needed <= options.availableMemory) return;
  throw new MemoryBudgetError('the similarities of this pair do not fit the memory budget', {
    field: '--memory-budget',
    found: `${mebibytes(options.availableMemory)} MiB left for this match`,
    expected: `at least ${mebibytes(needed)} MiB for ${sources} x ${targets} features`,
    remedy: 'Raise --memory-budget, or run on a machine with more memory.',
  });
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
