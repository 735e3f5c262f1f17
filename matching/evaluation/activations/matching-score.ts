import type { Choice } from '../choices';
import type { CoActivation } from './co-activation';

/** Features that are active on fewer tokens have a matching score that says little. */
export const FREQUENT_TOKENS = 10;

/**
 * The paper's matching score is the "probability of paired feature activation between two matched layers" (SAE Match, arXiv
 * 2410.07656, Sect. 5.3), and it says neither of what nor how it is averaged. With n_i tokens on which source feature i is active, m_j
 * those of its target j = p(i), and b_i those on which both are, each convention has a name here. Null where no pair counts.
 */
export interface MatchingScore {
  /** Pairs (i, p(i)) with n_i ≥ 1. */
  readonly features: number;
  /** Mean of b_i / n_i over them: P(target active | source active), every feature counting the same. */
  readonly score: number | null;
  /** Σ b_i / Σ n_i over them: the same, every activation counting the same. */
  readonly micro: number | null;
  /** Mean of b_i / m_p(i) over pairs with m_p(i) ≥ 1: P(source active | target active). */
  readonly reverse: number | null;
  /** Mean of b_i / (n_i + m_p(i) − b_i) over pairs with n_i ≥ 1: intersection over union. */
  readonly jaccard: number | null;
  /** Pairs with n_i ≥ {@link FREQUENT_TOKENS}. */
  readonly frequentFeatures: number;
  /** As `score`, over these. */
  readonly frequentScore: number | null;
}

/** Tokens on which a feature is active, and on which its target is too. */
interface Totals {
  readonly source: Float64Array;
  readonly target: Float64Array;
  readonly both: Float64Array;
}

/** @param index of the choice among those that were counted */
export function matchingScore(counted: CoActivation, index: number): MatchingScore {
  const { source, target, both } = totals(counted, index);
  const score = new Mean();
  const reverse = new Mean();
  const jaccard = new Mean();
  const frequent = new Mean();
  let together = 0;
  let active = 0;
  counted.choices[index]!.forEach((j, i) => {
    if (j < 0) return;
    const [n, m, b] = [source[i]!, target[j]!, both[i]!];
    if (m > 0) reverse.add(b / m);
    if (n === 0) return;
    score.add(b / n);
    jaccard.add(b / (n + m - b));
    if (n >= FREQUENT_TOKENS) frequent.add(b / n);
    together += b;
    active += n;
  });
  return {
    features: score.count,
    score: score.value,
    micro: active === 0 ? null : together / active,
    reverse: reverse.value,
    jaccard: jaccard.value,
    frequentFeatures: frequent.count,
    frequentScore: frequent.value,
  };
}

/**
 * The convention `score`, or `frequentScore`, on samples of the documents. Features that are active on no token of a sample do
 * not count in it, so that `score` of samples is that of fewer rare features than there are; the frequent features are those of
 * all documents.
 *
 * @param documents how many there are; they are numbered from 0
 * @returns of how often each document was drawn `[documents]`
 */
export function resampledScore(
  counted: CoActivation,
  index: number,
  documents: number,
  features: 'all' | 'frequent' = 'all'
): (drawn: Uint16Array) => number | null {
  const choice = features === 'all' ? counted.choices[index]! : frequentChoice(counted, index);
  const byDocument: number[][] = Array.from({ length: documents }, () => []);
  counted.stretches.forEach(({ document }, stretch) => byDocument[document]!.push(stretch));
  const source = new Float64Array(counted.sourceFeatures);
  const both = new Float64Array(counted.sourceFeatures);
  return (drawn) => {
    source.fill(0);
    both.fill(0);
    drawn.forEach((times, document) => {
      if (times === 0) return;
      for (const stretch of byDocument[document]!) addStretch(counted, stretch, index, times, { source, both });
    });
    return meanShare(choice, source, both);
  };
}

/** The choice of features that are frequent in all documents. */
function frequentChoice(counted: CoActivation, index: number): Choice {
  const { source } = totals(counted, index);
  return counted.choices[index]!.map((j, i) => (source[i]! >= FREQUENT_TOKENS ? j : -1));
}

function meanShare(choice: Choice, source: Float64Array, both: Float64Array): number | null {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < choice.length; i++) {
    if (choice[i]! < 0 || source[i] === 0) continue;
    sum += both[i]! / source[i]!;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

function totals(counted: CoActivation, index: number): Totals {
  const source = new Float64Array(counted.sourceFeatures);
  const both = new Float64Array(counted.sourceFeatures);
  const target = new Float64Array(counted.targetFeatures);
  counted.stretches.forEach((stretch, at) => {
    addStretch(counted, at, index, 1, { source, both });
    stretch.target.forEach((feature, n) => {
      target[feature]! += stretch.targetTokens[n]!;
    });
  });
  return { source, target, both };
}

function addStretch(
  counted: CoActivation,
  stretch: number,
  index: number,
  times: number,
  to: Pick<Totals, 'source' | 'both'>
): void {
  const { source, sourceTokens, both } = counted.stretches[stretch]!;
  const together = both[index]!;
  for (let n = 0; n < source.length; n++) {
    const feature = source[n]!;
    to.source[feature]! += times * sourceTokens[n]!;
    to.both[feature]! += times * together[n]!;
  }
}

class Mean {
  count = 0;
  private sum = 0;

  add(value: number): void {
    this.count += 1;
    this.sum += value;
  }

  get value(): number | null {
    return this.count === 0 ? null : this.sum / this.count;
  }
}
