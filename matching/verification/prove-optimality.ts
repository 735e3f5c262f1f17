import type { Features } from '../features';
import type { RowMatrix } from '../row-matrix';
import { viewRow } from './products';
import { worstExcess } from './worst-excess';
import type { OnRows, OpenScreen } from './worst-excess';

/** The claim to be checked. Arrays hold NaN (duals) or −1 (partners) for features that were excluded or unmatched. */
export interface OptimalityClaim {
  readonly source: Features;
  readonly target: Features;
  /** Partner of each source feature. `[source.count]` */
  readonly targetFeature: Int32Array;
  /** Stated cost of each match, NaN where unmatched. `[source.count]` */
  readonly cost: Float64Array;
  /** u in cost form. `[source.count]` */
  readonly sourceDual: Float64Array;
  /** v in cost form. `[target.count]` */
  readonly targetDual: Float64Array;
  /** ρ where features may stay unmatched at the price (1 − ρ)‖·‖²; without it the smaller side must match. */
  readonly unmatched?: number | null;
}

export interface OptimalityProof {
  /** Cost of the matching, recomputed. */
  readonly objective: number;
  /** Lower bound on the cost of every matching, from the duals alone. */
  readonly bound: number;
  readonly gap: number;
  /** How far the duals as written exceed their prices and the costs, summed; already taken off the bound. */
  readonly violation: number;
  /** First source feature whose stated cost is not the cost of its match; null when all are right. */
  readonly wrongCost: number | null;
  /** Largest gap and violation that count as rounding: 1e-9·objective + 1e-12·(Σ‖a‖² + Σ‖b‖²). */
  readonly tolerance: number;
  readonly holds: boolean;
}

/**
 * Re-proves that a matching is optimal, by weak duality, in one pass over all pairs and with none of the matcher's code:
 *
 *     bound = Σ u_i + Σ v_j − Σ_i max(0, max_j (u_i + v_j − c_ij)),   duals clamped to their price λ first.
 *
 * Any duals whatever give a valid bound. The claim holds when the bound reaches the recomputed objective within the
 * tolerance and the duals needed no repair beyond it: a raised dual is a false claim even though its bound is not.
 * Prices are (1 − ρ)‖·‖² where the claim has an outside option ρ; else they follow from the counts: with equal counts all
 * must match, else the surplus side may stay out at 0.
 *
 * @param openScreen float32 products that exclude pairs of large problems before float64 decides; null for none
 * @param onRows called between rows; may throw to stop
 */
export async function proveOptimality(
  claim: OptimalityClaim,
  openScreen: OpenScreen | null = null,
  onRows?: OnRows
): Promise<OptimalityProof> {
  const { source, target } = claim;
  const sources = included(source.excluded);
  const targets = included(target.excluded);
  const unmatched = claim.unmatched ?? null;
  const targetNorm = norms(target);
  const sourceNorm = norms(source);
  const sourcePrice = pricesOf(sourceNorm, unmatched, sources.length > targets.length);
  const targetPrice = pricesOf(targetNorm, unmatched, targets.length > sources.length);
  const u = clamp(claim.sourceDual, sources, sourcePrice);
  const v = clamp(claim.targetDual, targets, targetPrice);
  let violation = excess(claim.sourceDual, u, sources) + excess(claim.targetDual, v, targets);
  const sides = { source, target, sources, targets, sourceNorm, targetNorm, u, v };
  const worst = await worstExcess(sides, openScreen, onRows);
  let bound = 0;
  let objective = 0;
  let scale = 0;
  let matched = 0;
  let wrongCost: number | null = null;
  const matchedTarget = new Set(claim.targetFeature);
  for (const j of targets) {
    bound += v[j]!;
    scale += targetNorm[j]!;
    // That a feature stays out which must not is found by counting, below.
    if (!matchedTarget.has(j) && targetPrice[j] !== Infinity) objective += targetPrice[j]!;
  }
  for (const i of sources) {
    bound += u[i]! - worst[i]!;
    violation += worst[i]!;
    scale += sourceNorm[i]!;
    const partner = claim.targetFeature[i]!;
    if (partner >= 0) {
      const cost = squaredDistance(source, target, i, partner);
      const rounding = 1e-9 * cost + 1e-12 * (sourceNorm[i]! + targetNorm[partner]!);
      if (!(Math.abs(claim.cost[i]! - cost) <= rounding)) wrongCost ??= i;
      objective += cost;
      matched += 1;
    } else if (sourcePrice[i] !== Infinity) objective += sourcePrice[i]!;
  }
  const gap = objective - bound;
  const tolerance = 1e-9 * objective + 1e-12 * scale;
  const enough = unmatched !== null || matched === Math.min(sources.length, targets.length);
  const complete = enough && excludedStayOut(claim);
  const proven = Math.abs(gap) <= tolerance && violation <= tolerance;
  return { objective, bound, gap, violation, wrongCost, tolerance, holds: complete && proven };
}

function included(excluded: Uint8Array): Int32Array {
  return Int32Array.from(excluded.keys()).filter((i) => excluded[i] === 0);
}

/** What it costs to leave each feature of a side unmatched. */
function pricesOf(squared: Float64Array, unmatched: number | null, isSurplus: boolean): Float64Array {
  if (unmatched !== null) return squared.map((norm) => (1 - unmatched) * norm);
  return new Float64Array(squared.length).fill(isSurplus ? 0 : Infinity);
}

/** A missing or undefined dual proves nothing: it counts as −Infinity. */
function clamp(duals: Float64Array, index: Int32Array, price: Float64Array): Float64Array {
  const result = new Float64Array(duals.length);
  for (const i of index) result[i] = Number.isFinite(duals[i]) ? Math.min(duals[i]!, price[i]!) : -Infinity;
  return result;
}

function excess(duals: Float64Array, clamped: Float64Array, index: Int32Array): number {
  return index.reduce((sum, i) => (duals[i]! > clamped[i]! ? sum + duals[i]! - clamped[i]! : sum), 0);
}

function excludedStayOut({ source, target, targetFeature }: OptimalityClaim): boolean {
  return targetFeature.every((j, i) => j < 0 || (source.excluded[i] === 0 && target.excluded[j] === 0));
}

function norms(features: Features): Float64Array {
  const result = new Float64Array(features.count);
  for (const { rows, weight } of features.parts) {
    eachRow(rows, (row, i) => {
      let sum = 0;
      for (const value of row) sum += value * value;
      result[i] = result[i]! + weight * sum;
    });
  }
  return result;
}

function eachRow(matrix: RowMatrix, visit: (row: Float32Array, index: number) => void): void {
  let index = 0;
  for (const block of matrix.blocks) {
    for (let start = 0; start < block.length; start += matrix.columns) {
      visit(block.subarray(start, start + matrix.columns), index++);
    }
  }
}

function squaredDistance(source: Features, target: Features, i: number, j: number): number {
  let total = 0;
  source.parts.forEach((part, p) => {
    const a = viewRow(part.rows, i);
    const b = viewRow(target.parts[p]!.rows, j);
    let sum = 0;
    for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
    total += part.weight * sum;
  });
  return total;
}
