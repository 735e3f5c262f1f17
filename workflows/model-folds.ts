import { patched, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities } from './activity-types';
import { bounded } from './bounded';
import { asFailure, mayPass } from './failures';
import { LayerFolds } from './layer-folds';
import { logFailed, logSetAside } from './log-failure';
import type { RunStateTracker } from './run-state';
import type { FoldedRef, LayerPlan, RunPlan, RunRequest } from './run-types';

/** Layers folded at once; workers take what their slots allow. */
const MAX_CONCURRENT_FOLDS = 16;

/** Starts to fold every layer of a run. A layer that cannot be used is noted as failed. */
export function foldModel(request: RunRequest, { layers }: RunPlan, tracker: RunStateTracker): LayerFolds {
  const slots = bounded(MAX_CONCURRENT_FOLDS);
  return new LayerFolds(layers, (layer) => slots(() => foldOne(layer, request, tracker)));
}

/** The layers that are folded in the end; what keeps another from it is noted as its failure. */
export async function foldedLayers(
  folds: LayerFolds,
  { layers }: RunPlan,
  tracker: RunStateTracker
): Promise<ReadonlyMap<number, FoldedRef>> {
  const folded = new Map<number, FoldedRef>();
  for (const { layer } of layers) {
    try {
      const ref = await folds.of(layer);
      if (ref !== null) folded.set(layer, ref);
    } catch (error) {
      const failure = asFailure(error, 'fold', [layer]);
      tracker.failed(failure);
      logFailed(failure);
    }
  }
  return folded;
}

/** Folds a layer in an activity. */
export function foldPlanned(
  layer: LayerPlan,
  { spec, execution }: Pick<RunRequest, 'spec' | 'execution'>
): Promise<FoldedRef> {
  const effort = { work: layer.features * layer.elements * 8 };
  const { foldLayer } = proxyActivities<FoldActivities>(activityOptions('fold', execution, effort));
  return foldLayer({ spec, layer });
}

async function foldOne(layer: LayerPlan, request: RunRequest, tracker: RunStateTracker): Promise<FoldedRef | null> {
  if (layer.failure !== null) {
    tracker.failed(layer.failure);
    logFailed(layer.failure);
    return null;
  }
  try {
    const ref = await foldPlanned(layer, request);
    tracker.layerFolded(layer.layer, ref.cached);
    setCurrentDetails(tracker.details());
    return ref;
  } catch (error) {
    const failure = asFailure(error, 'fold', [layer.layer]);
    if (mayPass(error) && patched('set-aside')) {
      logSetAside(failure);
      throw error;
    }
    tracker.failed(failure);
    logFailed(failure);
    return null;
  }
}
