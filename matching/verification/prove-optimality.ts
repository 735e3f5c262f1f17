import type { Features } from '../features';
import type { RowMatrix } from '../row-matrix';

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
 * @param onRow called after each source feature with the number done; may throw to stop
 */
export function proveOptimality(claim: OptimalityClaim, onRow?: (done: number) => void): OptimalityProof {
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
  const similarity = new Float64Array(target.count);
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
    rowSimilarities(source, target, i, similarity);
    let worst = 0;
    for (const j of targets) {
      const cost = sourceNorm[i]! + targetNorm[j]! - 2 * similarity[j]!;
      worst = Math.max(worst, u[i]! + v[j]! - cost);
    }
    bound += u[i]! - worst;
    violation += worst;
    scale += sourceNorm[i]!;
    const partner = claim.targetFeature[i]!;
    if (partner >= 0) {
      const cost = squaredDistance(source, target, i, partner);
      const rounding = 1e-9 * cost + 1e-12 * (sourceNorm[i]! + targetNorm[partner]!);
      if (!(Math.abs(claim.cost[i]! - cost) <= rounding)) wrongCost ??= i;
      objective += cost;
      matched += 1;
    } else if (sourcePrice[i] !== Infinity) objective += sourcePrice[i]!;
    onRow?.(i + 1);
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

function viewRow(matrix: RowMatrix, index: number): Float32Array {
  const start = (index % matrix.rowsPerBlock) * matrix.columns;
  return matrix.blocks[Math.floor(index / matrix.rowsPerBlock)]!.subarray(start, start + matrix.columns);
}

/** Σ_parts weight·<a_i, b_j> for all j, two target rows at a time. */
function rowSimilarities(source: Features, target: Features, i: number, out: Float64Array): void {
  out.fill(0);
  source.parts.forEach((part, p) => {
    const a = Float64Array.from(viewRow(part.rows, i));
    const width = a.length;
    let j = 0;
    for (const block of target.parts[p]!.rows.blocks) {
      for (let start = 0; start < block.length; start += 4 * width, j += 4) {
        const sums = quadDot(a, block, start, Math.min(4, (block.length - start) / width));
        for (let q = 0; q < sums.length && j + q < out.length; q++) out[j + q] = out[j + q]! + part.weight * sums[q]!;
      }
    }
  });
}

const quad = new Float64Array(4);

/** Dot products of `a` with `count` ≤ 4 consecutive rows of `block`, starting at element `start`. */
function quadDot(a: Float64Array, block: Float32Array, start: number, count: number): Float64Array {
  const width = a.length;
  if (count < 4) {
    for (let q = 0; q < count; q++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += a[k]! * block[start + q * width + k]!;
      quad[q] = sum;
    }
    return quad.subarray(0, count);
  }
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let k = 0, o = start; k < width; k++, o++) {
    const x = a[k]!;
    s0 += x * block[o]!;
    s1 += x * block[o + width]!;
    s2 += x * block[o + 2 * width]!;
    s3 += x * block[o + 3 * width]!;
  }
  quad[0] = s0;
  quad[1] = s1;
  quad[2] = s2;
  quad[3] = s3;
  return quad;
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
