import { patched } from '@temporalio/workflow';
import { isCorrupt } from './failures';
import type { LayerFolds } from './layer-folds';
import { logFailed } from './log-failure';
import { BlocksOfPairs, isDivided } from './match-blocks';
import { foldedLayers, foldModel } from './model-folds';
import { onFolded } from './on-folded';
import { PairEnds } from './pair-ends';
import { pauseFor } from './pause';
import { inRounds, oneByOne } from './rounds';
import type { RunStateTracker } from './run-state';
import type { FoldedRef, MatchRef, RunPlan, RunRequest } from './run-types';
import { matchFolded, settlePair } from './settle-pair';
import type { Pair } from './settle-pair';

export interface MatchedModel {
  readonly folded: ReadonlyMap<number, FoldedRef>;
  readonly matches: readonly MatchRef[];
}

/**
 * Folds every layer and matches every pair as soon as both its layers are folded, thousands of pairs in blocks. What broken
 * input is to blame for fails alone and at once. A pair that keeps failing otherwise is set aside: it is tried again after
 * the others, with pauses that grow, until the run's deadline.
 */
export async function matchModel(request: RunRequest, plan: RunPlan, tracker: RunStateTracker): Promise<MatchedModel> {
  const folds = foldModel(request, plan, tracker);
  const ends = new PairEnds();
  const setAside = await inRounds({
    items: plan.pairs,
    attempt: attempts(request, plan, folds, ends, tracker),
    pause: (round) => pauseFor(round, request, tracker),
  });
  const folded = await foldedLayers(folds, plan, tracker);
  for (const pair of setAside) {
    const [source, target] = pair;
    // No time is left for it.
    const failure = folded.has(source) && folded.has(target) ? ends.reasonOf(pair)! : null;
    tracker.pairFailed(source, target, failure);
    if (failure !== null) logFailed(failure);
  }
  return { folded, matches: plan.pairs.flatMap((pair) => ends.matchOf(pair) ?? []) };
}

type Attempt = (pairs: readonly Pair[]) => Promise<readonly Pair[]>;

function attempts(
  request: RunRequest,
  { pairs }: RunPlan,
  folds: LayerFolds,
  ends: PairEnds,
  tracker: RunStateTracker
): Attempt {
  if (isDivided(pairs.length, request.execution)) {
    const blocks = new BlocksOfPairs(request, folds, ends, tracker);
    return (some) => blocks.attempt(some);
  }
  return oneByOne(request.execution.maxConcurrentPairs, async (pair) => {
    const end = await settlePair(pair, () => matchOne(pair, request, folds, ends, tracker), tracker);
    return ends.add(pair, end);
  });
}

function matchOne(
  pair: Pair,
  request: RunRequest,
  folds: LayerFolds,
  ends: PairEnds,
  tracker: RunStateTracker
): Promise<MatchRef | null> {
  const [source, target] = pair;
  return onFolded({
    source: { layer: source, folds },
    target: { layer: target, folds },
    isRetry: ends.reasonOf(pair) !== undefined,
    onStart: () => {
      tracker.pairStarted(source, target);
    },
    work: (a, b) => matchFolded(a, b, request),
    isMendable: (error) => isCorrupt(error) && patched('set-aside'),
  });
}
