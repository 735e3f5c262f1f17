import { patched, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { MatchActivities } from './activity-types';
import { asFailure, isCorrupt, mayPass } from './failures';
import { logFailed, logSetAside } from './log-failure';
import type { RunStateTracker } from './run-state';
import type { Failure, FoldedRef, MatchRef, RunRequest } from './run-types';

export type Pair = readonly [source: number, target: number];

/** What came of trying a pair once. */
export type PairEnd =
  | { readonly kind: 'done'; readonly match: MatchRef }
  /** Without a failure of its own where one of its layers has failed. */
  | { readonly kind: 'failed'; readonly failure: Failure | null }
  /** It may succeed later. */
  | { readonly kind: 'setAside'; readonly failure: Failure; readonly isCorrupt: boolean };

/**
 * Tries a pair once, and notes what comes of it.
 *
 * @param match resolves to null when one of its layers cannot be used
 */
export async function settlePair(
  [source, target]: Pair,
  match: () => Promise<MatchRef | null>,
  tracker: RunStateTracker
): Promise<PairEnd> {
  try {
    const ref = await match();
    if (ref === null) {
      tracker.pairFailed(source, target, null);
      return { kind: 'failed', failure: null };
    }
    tracker.pairDone(source, target, ref.cached);
    setCurrentDetails(tracker.details());
    return { kind: 'done', match: ref };
  } catch (error) {
    const failure = asFailure(error, 'match', [source, target]);
    if (mayPass(error) && patched('set-aside')) {
      tracker.pairSetAside(source, target, failure);
      logSetAside(failure);
      return { kind: 'setAside', failure, isCorrupt: isCorrupt(error) };
    }
    tracker.pairFailed(source, target, failure);
    logFailed(failure);
    return { kind: 'failed', failure };
  }
}

/** Matches two folded layers in an activity. */
export function matchFolded(
  source: FoldedRef,
  target: FoldedRef,
  { spec, execution }: Pick<RunRequest, 'spec' | 'execution'>
): Promise<MatchRef> {
  const work = source.features * target.features * (source.elements + 32 * Math.log2(source.features + 2));
  const { matchLayers } = proxyActivities<MatchActivities>(activityOptions('match', execution, { work }));
  return matchLayers({ spec, execution, source, target });
}

export const nameOf = ([source, target]: Pair): string => `${source}:${target}`;
