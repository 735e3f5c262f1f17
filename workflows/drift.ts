import { proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities } from './activity-types';
import { bounded } from './bounded';
import { asFailure, isCorrupt, mayPass } from './failures';
import { LayerFolds } from './layer-folds';
import { logFailed, logSetAside } from './log-failure';
import { foldPlanned } from './model-folds';
import { onFolded } from './on-folded';
import { pauseFor } from './pause';
import { progressQuery } from './progress-query';
import { inRounds, oneByOne } from './rounds';
import { RunStateTracker } from './run-state';
import type { DriftRef, Failure, FoldedRef, LayerPlan, PreviousSpec, RunRequest, RunSpec } from './run-types';
import { matchFolded } from './settle-pair';

export interface DriftRequest extends RunRequest {
  readonly previous: PreviousSpec;
  /** The layers of the run, and the same layers of the previous checkpoint. */
  readonly layers: readonly LayerPlan[];
  readonly previousLayers: readonly LayerPlan[];
}

export interface Drift {
  readonly layers: readonly DriftRef[];
  /** Twice the same layer in each; none of a layer that the run itself could not use. */
  readonly failures: readonly Failure[];
}

/** Layers folded at once of each checkpoint; workers take what their slots allow. */
const MAX_CONCURRENT_FOLDS = 8;

/**
 * Matches every layer with the same layer of the previous checkpoint, and counts what its features have become. As with
 * the pairs of a run, broken input fails alone and at once; what may pass is set aside and tried again until the deadline.
 */
export async function drift(request: DriftRequest): Promise<Drift> {
  const tracker = new RunStateTracker(request, 'drift');
  tracker.phase = 'drift';
  const layers = request.layers.map(({ layer }) => layer);
  tracker.planned(
    layers,
    layers.map((layer) => [layer, layer])
  );
  setHandler(progressQuery, (detail) => tracker.snapshot(detail));
  const matcher = new DriftMatcher(request, tracker);
  const setAside = await inRounds({
    items: layers,
    attempt: oneByOne(request.execution.maxConcurrentPairs, (layer) => matcher.settle(layer)),
    pause: (round) => pauseFor(round, request, tracker),
  });
  return matcher.end(setAside);
}

class DriftMatcher {
  private readonly previous: LayerFolds;
  private readonly current: LayerFolds;
  private readonly refs = new Map<number, DriftRef>();
  /** Why a layer could not be compared yet. */
  private readonly reasons = new Map<number, unknown>();

  constructor(
    private readonly request: DriftRequest,
    private readonly tracker: RunStateTracker
  ) {
    const { spec, previous, layers, previousLayers } = request;
    this.previous = this.folds(previousLayers, { ...spec, source: previous.source }, (failure) => {
      tracker.failed(failure);
      logFailed(failure);
    });
    // What is wrong with these layers the run has found out already.
    this.current = this.folds(layers, spec, () => undefined);
  }

  /** Compares one layer. False when that may succeed later. */
  async settle(layer: number): Promise<boolean> {
    const { tracker } = this;
    try {
      const ref = await this.compare(layer);
      if (ref === null) tracker.pairFailed(layer, layer, null);
      else {
        this.refs.set(layer, ref);
        tracker.pairDone(layer, layer, ref.match.cached);
      }
      return true;
    } catch (error) {
      const failure = asFailure(error, 'drift', [layer, layer]);
      if (mayPass(error)) {
        this.reasons.set(layer, error);
        tracker.pairSetAside(layer, layer, failure);
        logSetAside(failure);
        return false;
      }
      tracker.pairFailed(layer, layer, failure);
      logFailed(failure);
      return true;
    } finally {
      setCurrentDetails(tracker.details());
    }
  }

  /** What came of it, once there is no time left for the layers that were set aside. */
  end(setAside: readonly number[]): Drift {
    for (const layer of setAside) {
      const failure = asFailure(this.reasons.get(layer), 'drift', [layer, layer]);
      this.tracker.pairFailed(layer, layer, failure);
      logFailed(failure);
    }
    const layers = this.request.layers.flatMap(({ layer }) => this.refs.get(layer) ?? []);
    return { layers, failures: this.tracker.failures };
  }

  /** Null when a layer cannot be used. */
  private compare(layer: number): Promise<DriftRef | null> {
    return onFolded({
      source: { layer, folds: this.previous },
      target: { layer, folds: this.current },
      isRetry: this.reasons.has(layer),
      onStart: () => {
        this.tracker.pairStarted(layer, layer);
      },
      work: (previous, current) => this.matchAndCount(layer, previous, current),
      isMendable: isCorrupt,
    });
  }

  private async matchAndCount(layer: number, previous: FoldedRef, current: FoldedRef): Promise<DriftRef> {
    const { execution, previous: asked } = this.request;
    const spec = { ...this.request.spec, unmatched: asked.unmatched };
    const match = await matchFolded(previous, current, { spec, execution });
    const bytes = (previous.features + current.features) * current.elements * 4;
    const { countDrift } = proxyActivities<FoldActivities>(activityOptions('fold', execution, { work: bytes }));
    return { layer, match, counts: await countDrift({ spec, previous, current, match }) };
  }

  private folds(layers: readonly LayerPlan[], spec: RunSpec, failed: (failure: Failure) => void): LayerFolds {
    const slots = bounded(MAX_CONCURRENT_FOLDS);
    return new LayerFolds(layers, (layer) => slots(() => this.foldOne(layer, spec, failed)));
  }

  private async foldOne(
    layer: LayerPlan,
    spec: RunSpec,
    failed: (failure: Failure) => void
  ): Promise<FoldedRef | null> {
    if (layer.failure !== null) {
      failed(layer.failure);
      return null;
    }
    try {
      return await foldPlanned(layer, { spec, execution: this.request.execution });
    } catch (error) {
      const failure = asFailure(error, 'drift', [layer.layer, layer.layer]);
      if (mayPass(error)) throw error;
      failed(failure);
      return null;
    }
  }
}
