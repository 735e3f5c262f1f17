import { patched, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities, MatchActivities } from './activity-types';
import { bounded } from './bounded';
import { asFailure, isCorrupt, mayPass } from './failures';
import { LayerFolds } from './layer-folds';
import { pauseFor } from './pause';
import { inRounds } from './rounds';
import type { RunStateTracker } from './run-state';
import type { FoldedRef, LayerPlan, MatchRef, RunPlan, RunRequest } from './run-types';

export interface MatchedModel {
  readonly folded: ReadonlyMap<number, FoldedRef>;
  readonly matches: readonly MatchRef[];
}

/** Layers folded at once; workers take what their slots allow. */
const MAX_CONCURRENT_FOLDS = 16;

/**
 * Folds every layer and matches every pair as soon as both its layers are folded. What broken input is to blame for fails
 * alone and at once. A pair that keeps failing otherwise is set aside: it is tried again after the others, with pauses that
 * grow, until the run's deadline.
 */
export async function matchModel(request: RunRequest, plan: RunPlan, tracker: RunStateTracker): Promise<MatchedModel> {
  const model = new ModelMatcher(request, plan, tracker);
  const failed = await inRounds({
    items: plan.pairs,
    limit: request.execution.maxConcurrentPairs,
    settle: (pair) => model.settle(pair),
    pause: (round) => pauseFor(round, request, tracker),
  });
  return model.end(failed);
}

type Pair = RunPlan['pairs'][number];

class ModelMatcher {
  private readonly folds: LayerFolds;
  private readonly matches = new Map<string, MatchRef>();
  /** Why a pair, or one of its layers, could not be done yet. */
  private readonly reasons = new Map<string, unknown>();

  constructor(
    private readonly request: RunRequest,
    private readonly plan: RunPlan,
    private readonly tracker: RunStateTracker
  ) {
    const slots = bounded(MAX_CONCURRENT_FOLDS);
    this.folds = new LayerFolds(plan.layers, (layer) => slots(() => this.foldOne(layer)));
  }

  /** Matches one pair. False when that may succeed later. */
  async settle(pair: Pair): Promise<boolean> {
    const [source, target] = pair;
    const { tracker } = this;
    try {
      const refs = await this.foldedPair(pair);
      if (refs === null) tracker.pairFailed(source, target, null);
      else await this.matchOne(pair, refs);
      return true;
    } catch (error) {
      const failure = asFailure(error, 'match', pair);
      if (mayPass(error) && patched('set-aside')) {
        this.reasons.set(nameOf(pair), error);
        tracker.pairSetAside(source, target, failure);
        return false;
      }
      tracker.pairFailed(source, target, failure);
      return true;
    }
  }

  /** What came of it, once there is no time left for the pairs that were set aside. */
  async end(setAside: readonly Pair[]): Promise<MatchedModel> {
    const folded = new Map<number, FoldedRef>();
    for (const { layer } of this.plan.layers) {
      try {
        const ref = await this.folds.of(layer);
        if (ref !== null) folded.set(layer, ref);
      } catch (error) {
        this.tracker.failed(asFailure(error, 'fold', [layer]));
      }
    }
    for (const pair of setAside) {
      const [source, target] = pair;
      const complete = folded.has(source) && folded.has(target);
      const reason = complete ? asFailure(this.reasons.get(nameOf(pair)), 'match', pair) : null;
      this.tracker.pairFailed(source, target, reason);
    }
    return { folded, matches: this.plan.pairs.flatMap((pair) => this.matches.get(nameOf(pair)) ?? []) };
  }

  /** Both layers of a pair, folded; null when one cannot be used. A fold that failed is tried again. */
  private async foldedPair([source, target]: Pair): Promise<FoldedPair | null> {
    const earlier = this.reasons.get(nameOf([source, target]));
    const refs: FoldedRef[] = [];
    for (const layer of [source, target]) {
      const fold = this.folds.of(layer);
      const ref = await (earlier === undefined ? fold : fold.catch(() => this.folds.again(layer, fold)));
      if (ref === null) return null;
      refs.push(ref);
    }
    return { source: refs[0]!, target: refs[1]! };
  }

  private async foldOne(layer: LayerPlan): Promise<FoldedRef | null> {
    const { request, tracker } = this;
    if (layer.failure !== null) {
      tracker.failed(layer.failure);
      return null;
    }
    const effort = { work: layer.features * layer.elements * 8 };
    const { foldLayer } = proxyActivities<FoldActivities>(activityOptions('fold', request.execution, effort));
    try {
      const ref = await foldLayer({ spec: request.spec, layer });
      tracker.layerFolded(layer.layer, ref.cached);
      setCurrentDetails(tracker.details());
      return ref;
    } catch (error) {
      const failure = asFailure(error, 'fold', [layer.layer]);
      if (mayPass(error) && patched('set-aside')) throw error;
      tracker.failed(failure);
      return null;
    }
  }

  private async matchOne(pair: Pair, refs: FoldedPair): Promise<void> {
    const [source, target] = pair;
    const folds = [this.folds.of(source), this.folds.of(target)] as const;
    this.tracker.pairStarted(source, target);
    let match: MatchRef;
    try {
      match = await this.match(refs);
    } catch (error) {
      if (!isCorrupt(error) || !patched('set-aside')) throw error;
      // A folded layer that is damaged is not what its fold says it is: folding looks at what is stored.
      const [a, b] = [await this.folds.again(source, folds[0]), await this.folds.again(target, folds[1])];
      if (a === null || b === null) throw error;
      match = await this.match({ source: a, target: b });
    }
    this.matches.set(nameOf(pair), match);
    this.tracker.pairDone(source, target, match.cached);
    setCurrentDetails(this.tracker.details());
  }

  private match({ source, target }: FoldedPair): Promise<MatchRef> {
    const { spec, execution } = this.request;
    const work = source.features * target.features * (source.elements + 32 * Math.log2(source.features + 2));
    const { matchLayers } = proxyActivities<MatchActivities>(activityOptions('match', execution, { work }));
    return matchLayers({ spec, execution, source, target });
  }
}

interface FoldedPair {
  readonly source: FoldedRef;
  readonly target: FoldedRef;
}

const nameOf = ([source, target]: Pair): string => `${source}:${target}`;
