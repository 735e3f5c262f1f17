import { setHandler } from '@temporalio/workflow';
import { briefFailures } from './brief-failures';
import { progressQuery } from './progress-query';
import { oneByOne } from './rounds';
import { RunStateTracker } from './run-state';
import type { Failure, FoldedRef, MatchRef, RunRequest } from './run-types';
import { matchFolded, settlePair } from './settle-pair';
import type { Pair } from './settle-pair';

export interface BlockRequest extends RunRequest {
  readonly pairs: readonly Pair[];
  /** Every layer of the pairs. */
  readonly folded: readonly FoldedRef[];
}

/** What came of each pair of a block; failures bear its layers. */
export interface MatchedBlock {
  readonly matches: readonly MatchRef[];
  readonly failed: readonly Failure[];
  readonly setAside: readonly Failure[];
  /** Pairs of those set aside for which something in the store was found damaged. */
  readonly corrupt: readonly Pair[];
}

/** Failures that a block tells in full: the history of the run holds those of all its blocks. */
const MOST_IN_FULL = 8;

/** Tries each of some pairs of a run once. What is to be tried again, and when, is left to the run. */
export async function matchBlock(request: BlockRequest): Promise<MatchedBlock> {
  const tracker = new RunStateTracker(request);
  tracker.phase = 'matching';
  const inOrder = request.folded.map(({ layer }) => layer).sort((a, b) => a - b);
  tracker.planned(inOrder, request.pairs);
  setHandler(progressQuery, (detail) => tracker.snapshot(detail));
  const layers = new Map(request.folded.map((ref) => [ref.layer, ref]));
  const matches: MatchRef[] = [];
  const failed: Failure[] = [];
  const setAside: Failure[] = [];
  const corrupt: Pair[] = [];
  const attempt = oneByOne<Pair>(request.execution.maxConcurrentPairs, async (pair) => {
    const [source, target] = pair;
    const match = (): Promise<MatchRef> => {
      tracker.pairStarted(source, target);
      return matchFolded(layers.get(source)!, layers.get(target)!, request);
    };
    const end = await settlePair(pair, match, tracker);
    if (end.kind === 'done') matches.push(end.match);
    else if (end.kind === 'setAside') setAside.push(end.failure);
    else if (end.failure !== null) failed.push(end.failure);
    if (end.kind === 'setAside' && end.isCorrupt) corrupt.push(pair);
    return true;
  });
  await attempt(request.pairs);
  return {
    matches,
    failed: briefFailures(failed, MOST_IN_FULL),
    setAside: briefFailures(setAside, MOST_IN_FULL),
    corrupt,
  };
}
