import { STEP_OF_NOTHING } from './assignment-problem';
import type { Side } from './assignment-problem';
import type { EngineResult } from './engine/match-engine';
import { pairCost } from './features';
import type { Features } from './features';
import type { Certificate } from './certificate';

export interface CertifyInput {
  readonly source: Features;
  readonly target: Features;
  readonly solved: EngineResult;
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

/** Turns the solution on the grid into costs, duals in cost form and margins. */
export function certify({ source, target, solved }: CertifyInput): CertifiedMatching {
  const { targetOf, sides, step, nearestTarget, mutualNearest } = solved;
  const cost = new Float64Array(source.count).fill(NaN);
  targetOf.forEach((j, i) => {
    if (j >= 0) cost[i] = pairCost(source, target, i, j);
  });
  const matchedCost = cost.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0);
  const objective = matchedCost + unmatchedPrice(targetOf, sides, target.count);
  const sourceDual = costDuals(solved.sourceDual, sides.source, step);
  const targetDual = costDuals(solved.targetDual, sides.target, step);
  const bound = total(sourceDual) + total(targetDual) - roundingLoss(solved);
  return {
    ...{ targetOf, cost, nearestTarget, mutualNearest, objective, matchedCost },
    nearestCost: Float64Array.from(nearestTarget, (j, i) => pairCost(source, target, i, j)),
    certificate: { sourceDual, targetDual, ...margins(solved), bound, gap: objective - bound },
  };
}

function unmatchedPrice(targetOf: Int32Array, sides: EngineResult['sides'], targets: number): number {
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
function roundingLoss({ step, sourceDual, targetDual }: EngineResult): number {
  return step === STEP_OF_NOTHING ? 0 : 2 * step * Math.max(sourceDual.length, targetDual.length);
}

/** Second-smallest reduced cost of each matched row and column, capped by the price of staying out, in cost units. */
function margins(solved: EngineResult): Pick<Certificate, 'margin' | 'targetMargin'> {
  const { targetOf, sides, step, sourceDual, targetDual } = solved;
  const capped = (second: number, side: Side, dual: number, feature: number): number =>
    side.prices[feature] === Infinity ? second : Math.min(second, -step * dual);
  const targetMargin = new Float64Array(targetDual.length).fill(NaN);
  const margin = Float64Array.from(targetOf, (j, i) => {
    if (j < 0) return NaN;
    const value =
      capped(solved.sourceSecond[i]!, sides.source, sourceDual[i]!, i) +
      capped(solved.targetSecond[j]!, sides.target, targetDual[j]!, j);
    targetMargin[j] = Number.isFinite(value) ? value : NaN;
    return targetMargin[j];
  });
  return { margin, targetMargin };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
