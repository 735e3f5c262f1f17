import { gridStep, gridTerms, pricesOf, toGrid } from '../../../matching/assignment-problem';
import { canonicalMatching } from '../../../matching/canonical-matching';
import { squaredNorms } from '../../../matching/features';
import type { Features } from '../../../matching/features';
import { allocateRows, rowOf } from '../../../matching/row-matrix';
import { solveDense } from './dense-assignment';
import { denseTightGraph } from './dense-problem';
import type { AssignmentProblem } from './dense-problem';

export interface DenseMatching {
  readonly targetOf: number[];
  readonly nearestTarget: number[];
  readonly mutualNearest: number[];
  readonly problem: AssignmentProblem;
}

/** The whole method on the whole matrix: every similarity in float64, shortest augmenting paths on dense costs. */
export function denseMatching(a: Features, b: Features, unmatched: number | null = null): DenseMatching {
  const [source, target] = [squaredNorms(a), squaredNorms(b)];
  const sides = {
    source: { norms: source, prices: pricesOf(source, b.count, unmatched) },
    target: { norms: target, prices: pricesOf(target, a.count, unmatched) },
  };
  const step = gridStep(sides.source, sides.target);
  const similarity = allocateRows(Float64Array, a.count, b.count);
  for (let i = 0; i < a.count; i++) {
    const row = rowOf(similarity, i);
    for (let j = 0; j < b.count; j++) row[j] = toGrid(product(a, b, i, j), step);
  }
  const problem = {
    ...{ step, similarity },
    sourceTerm: gridTerms(sides.source, step),
    targetTerm: gridTerms(sides.target, step),
    sourcesOptional: sides.source.prices[0] !== Infinity,
    targetsOptional: sides.target.prices[0] !== Infinity,
  };
  const solution = solveDense(problem);
  const targetOf = [...canonicalMatching(denseTightGraph(problem, solution), solution.targetOf)];
  const sourceGrid = sides.source.norms.map((norm) => toGrid(norm, step));
  const targetGrid = sides.target.norms.map((norm) => toGrid(norm, step));
  const nearestTarget = Array.from({ length: a.count }, (_, i) =>
    argmin(b.count, (j) => targetGrid[j]! - 2 * rowOf(similarity, i)[j]!)
  );
  const mutualNearest = targetOf.map((j, i) => {
    if (j < 0 || nearestTarget[i] !== j) return 0;
    return Number(argmin(a.count, (k) => sourceGrid[k]! - 2 * rowOf(similarity, k)[j]!) === i);
  });
  return { targetOf, nearestTarget, mutualNearest, problem };
}

function product(a: Features, b: Features, i: number, j: number): number {
  let similarity = 0;
  a.parts.forEach(({ rows, weight }, part) => {
    const x = rowOf(rows, i);
    const y = rowOf(b.parts[part]!.rows, j);
    let sum = 0;
    for (let k = 0; k < x.length; k++) sum += x[k]! * y[k]!;
    similarity += weight * sum;
  });
  return similarity;
}

function argmin(count: number, value: (index: number) => number): number {
  let least = 0;
  for (let index = 1; index < count; index++) if (value(index) < value(least)) least = index;
  return least;
}
