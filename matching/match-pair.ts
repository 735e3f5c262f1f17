import { pricesOf } from './assignment-problem';
import { certify } from './certify';
import { solvePair } from './engine/match-engine';
import { checkComparable } from './features';
import type { Features } from './features';
import { includedFeatures, selectFeatures } from './included-features';
import type { Matching, SolvedMatching } from './matching';
import type { MatchPorts } from './ports';
import { completeMatching, reportOn } from './report';
import type { ReportRows } from './report';
import { summarise } from './summarise';

/** Version of the algorithm; part of the content address of matches. */
export const MATCHING_VERSION = 1;

export interface MatchOptions {
  /** ρ of the outside option; without one the smaller side is matched completely. See {@link pricesOf}. */
  readonly unmatched?: number | null;
  /** Bytes the match may take: what is left of the memory budget once both layers are loaded. */
  readonly availableMemory: number;
}

/** One layer as the matcher sees it: the vectors that are compared, and the rows that are reported on. */
export interface MatchSide {
  readonly features: Features;
  readonly report: ReportRows;
}

/**
 * The certified optimal matching of two layers: minimises Σ ‖a_i − b_π(i)‖² over one-to-one assignments (SAE Match,
 * arXiv 2410.07656, Eq. 3). At unequal counts the smaller side is matched completely; with an outside option any feature may stay
 * unmatched at its price. Exact on the float64 dot products
 * of the float32 rows, rounded once to a grid (see `assignment-problem.ts`); of several optimal matchings the
 * lexicographically smallest. Zero rows take part like any other row; excluded features are left out on both sides.
 *
 * @throws InputError when the vectors differ in length or a side has no feature left
 * @throws MemoryBudgetError when the pair does not fit the memory budget
 * @throws CancelledError when the caller stops the work
 */
export async function matchPair(
  source: MatchSide,
  target: MatchSide,
  options: MatchOptions,
  ports: MatchPorts
): Promise<Matching> {
  const solved = await solveMatching(source.features, target.features, options, ports);
  return completeMatching(solved, reportOn(source.report, target.report, solved.targetFeature));
}

/** The same without the report on other rows than those that are matched: {@link completeMatching} adds it. */
export async function solveMatching(
  source: Features,
  target: Features,
  options: MatchOptions,
  ports: MatchPorts
): Promise<SolvedMatching> {
  checkComparable(source, target);
  const sourceIndex = includedFeatures(source, 'source layer');
  const targetIndex = includedFeatures(target, 'target layer');
  const a = selectFeatures(source, sourceIndex);
  const b = selectFeatures(target, targetIndex);
  const solved = await solvePair(
    a,
    b,
    options.availableMemory,
    (norms, others) => pricesOf(norms, others, options.unmatched ?? null),
    ports
  );
  const certified = certify({ source: a, target: b, solved });
  ports.onProgress?.({ phase: 'certificate', done: 1, total: 1, gap: certified.certificate.gap });
  return summarise(certified, { source, target, sourceIndex, targetIndex, work: solved });
}
