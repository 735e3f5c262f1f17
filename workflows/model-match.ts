import {
  CancellationScope,
  defineQuery,
  executeChild,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities, IoActivities, MatchActivities } from './activity-types';
import { bounded } from './bounded';
import { composeChains } from './compose-chains';
import type { Composition } from './compose-chains';
import { asFailure } from './failures';
import { RunStateTracker } from './run-state';
import type { FoldedRef, LayerPlan, MatchRef, RunOutcome, RunPlan, RunProgress, RunRequest } from './run-types';

export const progressQuery = defineQuery<RunProgress>('progress');

/** Layers folded at once; workers take what their slots allow. */
const MAX_CONCURRENT_FOLDS = 16;

/**
 * One run over a model: resolve the source, fold every layer, match every pair as soon as both its layers are folded,
 * compose chains, publish. A layer or pair that cannot be done fails alone; the rest completes.
 */
export async function modelMatch(request: RunRequest): Promise<RunOutcome> {
  const tracker = new RunStateTracker(request);
  setHandler(progressQuery, () => tracker.snapshot());
  try {
    return await runPhases(request, tracker);
  } catch (error) {
    if (isCancellation(error)) {
      tracker.state = 'cancelled';
      await CancellationScope.nonCancellable(() => io(request).discardRun(request));
    }
    throw error;
  }
}

async function runPhases(request: RunRequest, tracker: RunStateTracker): Promise<RunOutcome> {
  const started = workflowInfo().runStartTime.toISOString();
  const report = (phase: RunProgress['phase']): void => {
    tracker.phase = phase;
    setCurrentDetails(tracker.details());
  };
  report('resolving');
  const plan = await io(request).resolveRun(request);
  tracker.layersTotal = plan.layers.length;
  tracker.pairsTotal = plan.pairs.length;
  report('matching');
  const { folded, matches } = await matchAll(request, plan, tracker);
  report('composing');
  const composition = await composeAll(request, plan, folded, matches, tracker);
  report('publishing');
  const outcome = await io(request, totalBytes(plan)).publishRun({
    request,
    plan,
    matches,
    failures: tracker.failures,
    composed: composition?.composed ?? [],
    chains: composition?.chains ?? null,
    started,
  });
  tracker.state = outcome.state;
  report('finished');
  return outcome;
}

interface MatchedModel {
  readonly folded: ReadonlyMap<number, FoldedRef>;
  readonly matches: readonly MatchRef[];
}

async function matchAll(request: RunRequest, plan: RunPlan, tracker: RunStateTracker): Promise<MatchedModel> {
  const foldSlots = bounded(MAX_CONCURRENT_FOLDS);
  const pairSlots = bounded(request.execution.maxConcurrentPairs);
  const folding = new Map<number, Promise<FoldedRef | null>>();
  for (const layer of plan.layers) {
    const fold = foldSlots(() => foldOne(request, layer, tracker));
    // When the run is cancelled, pairs that wait for a slot never look at their layers again.
    fold.catch(() => undefined);
    folding.set(layer.layer, fold);
  }
  const matches = await Promise.all(
    plan.pairs.map(([source, target]) =>
      pairSlots(async () =>
        matchOne(request, await folding.get(source)!, await folding.get(target)!, tracker, source, target)
      )
    )
  );
  const folded = new Map<number, FoldedRef>();
  for (const [layer, promise] of folding) {
    const ref = await promise;
    if (ref !== null) folded.set(layer, ref);
  }
  return { folded, matches: matches.filter((match) => match !== null) };
}

async function foldOne(request: RunRequest, layer: LayerPlan, tracker: RunStateTracker): Promise<FoldedRef | null> {
  if (layer.failure !== null) {
    tracker.layerFailed(layer.failure);
    return null;
  }
  const activities = proxyActivities<FoldActivities>(
    activityOptions('fold', request.execution, layer.features * layer.elements * 8)
  );
  try {
    const ref = await activities.foldLayer({ spec: request.spec, layer });
    tracker.layerFolded(ref.cached);
    setCurrentDetails(tracker.details());
    return ref;
  } catch (error) {
    tracker.layerFailed(asFailure(error, 'fold', [layer.layer]));
    return null;
  }
}

async function matchOne(
  request: RunRequest,
  source: FoldedRef | null,
  target: FoldedRef | null,
  tracker: RunStateTracker,
  sourceLayer: number,
  targetLayer: number
): Promise<MatchRef | null> {
  if (source === null || target === null) {
    tracker.pairFailed(sourceLayer, targetLayer, null);
    return null;
  }
  tracker.pairStarted(sourceLayer, targetLayer);
  const work = source.features * target.features * (source.elements + 32 * Math.log2(source.features + 2));
  const { matchLayers } = proxyActivities<MatchActivities>(activityOptions('match', request.execution, work));
  try {
    const match = await matchLayers({ spec: request.spec, execution: request.execution, source, target });
    tracker.pairDone(sourceLayer, targetLayer, match.cached);
    setCurrentDetails(tracker.details());
    return match;
  } catch (error) {
    tracker.pairFailed(sourceLayer, targetLayer, asFailure(error, 'match', [sourceLayer, targetLayer]));
    return null;
  }
}

async function composeAll(
  request: RunRequest,
  plan: RunPlan,
  folded: ReadonlyMap<number, FoldedRef>,
  matches: readonly MatchRef[],
  tracker: RunStateTracker
): Promise<Composition | null> {
  if (matches.length === 0) return null;
  try {
    return await executeChild(composeChains, {
      workflowId: `${workflowInfo().workflowId}/compose`,
      taskQueue: request.execution.taskQueue,
      args: [
        {
          spec: request.spec,
          execution: request.execution,
          layers: plan.layers.map(({ layer }) => ({ layer, folded: folded.get(layer) ?? null })),
          matches,
        },
      ],
    });
  } catch (error) {
    tracker.failures.push(asFailure(error, 'compose', []));
    return null;
  }
}

function io(request: RunRequest, work = 0): IoActivities {
  return proxyActivities<IoActivities>(activityOptions('io', request.execution, work));
}

const totalBytes = (plan: RunPlan): number =>
  plan.layers.reduce((sum, layer) => sum + layer.files.reduce((bytes, file) => bytes + file.bytes, 0), 0);
