import type { AssignmentProblem, AssignmentSolution, Side } from './assignment-problem';
import { toGrid } from './assignment-problem';
import { pairCost } from './features';
import type { Features } from './features';
import type { Certificate } from './matching';
import { rowOf } from './row-matrix';

export interface CertifyInput {
  readonly source: Features;
  readonly target: Features;
  readonly problem: AssignmentProblem;
  readonly solution: AssignmentSolution;
  /** The canonical matching. `[source.count]` */
  readonly targetOf: Int32Array;
  readonly sides: { readonly source: Side; readonly target: Side };
}

/** The matching with its proof, over the features that take part. */
export interface CertifiedMatching {
  readonly targetOf: Int32Array;
  readonly cost: Float64Array;
  readonly nearestTarget: Int32Array;
  readonly nearestCost: Float64Array;
  readonly mutualNearest: Uint8Array;
  readonly certificate: Certificate;
  readonly objective: number;
  readonly matchedCost: number;
}

/** Turns the grid solution into costs, duals in cost form, margins and nearest neighbours: one scan of the matrix. */
export function certify(input: CertifyInput): CertifiedMatching {
  const { source, target, targetOf, sides } = input;
  const cost = new Float64Array(source.count).fill(NaN);
  targetOf.forEach((j, i) => {
    if (j >= 0) cost[i] = pairCost(source, target, i, j);
  });
  const matchedCost = cost.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0);
  const objective = matchedCost + unmatchedPrice(targetOf, sides, target.count);
  const sourceDual = costDuals(input.solution.sourceDual, sides.source, input.problem.step);
  const targetDual = costDuals(input.solution.targetDual, sides.target, input.problem.step);
  const bound = total(sourceDual) + total(targetDual) - roundingLoss(input);
  const nearest = nearestPairs(input);
  return {
    targetOf,
    cost,
    nearestTarget: nearest.targetOf,
    nearestCost: Float64Array.from(nearest.targetOf, (j, i) => pairCost(source, target, i, j)),
    mutualNearest: Uint8Array.from(targetOf, (j, i) =>
      Number(j >= 0 && nearest.targetOf[i] === j && nearest.sourceOf[j] === i)
    ),
    certificate: { sourceDual, targetDual, ...margins(input), bound, gap: objective - bound },
    objective,
    matchedCost,
  };
}

function unmatchedPrice(targetOf: Int32Array, sides: CertifyInput['sides'], targets: number): number {
  const matchedTarget = new Uint8Array(targets);
  let price = 0;
  targetOf.forEach((j, i) => {
    if (j >= 0) matchedTarget[j] = 1;
    else price += sides.source.prices[i]!;
  });
  matchedTarget.forEach((matched, j) => {
    if (matched === 0) price += sides.target.prices[j]!;
  });
  return price;
}

/** Duals in cost form: g·U + λ, or g·U + ‖a‖² where the feature must be matched; never above the price λ. */
function costDuals(gridDual: Float64Array, side: Side, step: number): Float64Array {
  return gridDual.map((dual, i) => {
    const price = side.prices[i]!;
    return price === Infinity ? step * dual + side.norms[i]! : Math.min(price, step * dual + price);
  });
}

/** Each pair's grid cost differs from its cost by less than two grid steps, and one pair a row and column counts. */
function roundingLoss({ problem, targetOf }: CertifyInput): number {
  return 2 * problem.step * Math.max(targetOf.length, problem.targetTerm.length);
}

/** Second-smallest reduced cost of each matched row and column, capped by the price of staying out, in cost units. */
function margins({ problem, solution, targetOf }: CertifyInput): Pick<Certificate, 'margin' | 'targetMargin'> {
  const { similarity, sourceTerm, targetTerm, step } = problem;
  const { sourceDual, targetDual } = solution;
  const rowSecond = sourceDual.map((dual) => (problem.sourcesOptional ? -dual : Infinity));
  const columnSecond = targetDual.map((dual) => (problem.targetsOptional ? -dual : Infinity));
  for (let i = 0; i < targetOf.length; i++) {
    const row = rowOf(similarity, i);
    const base = sourceTerm[i]! - sourceDual[i]!;
    const matched = targetOf[i]!;
    let least = rowSecond[i]!;
    for (let j = 0; j < row.length; j++) {
      if (j === matched) continue;
      const reduced = base + targetTerm[j]! - 2 * row[j]! - targetDual[j]!;
      if (reduced < least) least = reduced;
      if (reduced < columnSecond[j]!) columnSecond[j] = reduced;
    }
    rowSecond[i] = least;
  }
  const targetMargin = new Float64Array(columnSecond.length).fill(NaN);
  const margin = Float64Array.from(targetOf, (j, i) => {
    if (j < 0) return NaN;
    const grid = rowSecond[i]! + columnSecond[j]!;
    const value = Number.isFinite(grid) ? Math.max(0, step * grid) : NaN;
    targetMargin[j] = value;
    return value;
  });
  return { margin, targetMargin };
}

/** Cheapest partner of every feature if sharing were allowed, on the grid; the lowest index on ties. */
function nearestPairs({ problem, sides }: CertifyInput): { targetOf: Int32Array; sourceOf: Int32Array } {
  const { similarity, step } = problem;
  const sourceNorm = sides.source.norms.map((norm) => toGrid(norm, step));
  const targetNorm = sides.target.norms.map((norm) => toGrid(norm, step));
  const sourceOf = new Int32Array(similarity.columns);
  const columnLeast = new Float64Array(similarity.columns).fill(Infinity);
  const targetOf = new Int32Array(similarity.rows);
  for (let i = 0; i < similarity.rows; i++) {
    const row = rowOf(similarity, i);
    let least = Infinity;
    for (let j = 0; j < row.length; j++) {
      const forRow = targetNorm[j]! - 2 * row[j]!;
      if (forRow < least) {
        least = forRow;
        targetOf[i] = j;
      }
      const forColumn = sourceNorm[i]! - 2 * row[j]!;
      if (forColumn < columnLeast[j]!) {
        columnLeast[j] = forColumn;
        sourceOf[j] = i;
      }
    }
  }
  return { targetOf, sourceOf };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
