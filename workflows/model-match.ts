import { CancellationScope, executeChild, isCancellation, log, setHandler, workflowInfo } from '@temporalio/workflow';
import type { PublishInput } from './activity-types';
import { briefFailures } from './brief-failures';
import { composeChains } from './compose-chains';
import type { ComposeRequest, Composition } from './compose-chains';
import { compareWithPrevious } from './drift-phase';
import { enterPhase } from './enter-phase';
import { asFailure, isCorrupt } from './failures';
import { logFailed } from './log-failure';
import { announceEnd } from './notify-run';
import { matchModel } from './match-model';
import type { MatchedModel } from './match-model';
import { withPauses } from './pause';
import { progressQuery } from './progress-query';
import { withRepairs } from './repairs';
import { runDeadline, runIo } from './run-io';
import { RunStateTracker } from './run-state';
import type { ComposedComparison, RunOutcome, RunPlan, RunRequest } from './run-types';

/** The files of a pair are checked, copied and handed to the disk: a second at worst, in which so many bytes are read. */
const PUBLISHED_AS_BYTES = 2e7;

/**
 * One run over a model: resolve the source, fold every layer, match every pair as soon as both its layers are folded,
 * compose chains, publish. A layer or pair that cannot be done fails alone; the rest completes.
 */
export async function modelMatch(request: RunRequest): Promise<RunOutcome> {
  const tracker = new RunStateTracker(request);
  setHandler(progressQuery, (detail) => tracker.snapshot(detail));
  try {
    const outcome = await runPhases(request, tracker);
    const { state, pairsDone: pairs, failures } = outcome;
    log.info('run ended', { state, pairs, failures: failures.length });
    await announceEnd(request, null);
    return outcome;
  } catch (error) {
    if (isCancellation(error)) {
      tracker.state = 'cancelled';
      log.info('run ended', { state: 'cancelled' });
      await CancellationScope.nonCancellable(() => runIo(request).discardRun(request));
    } else {
      const failure = asFailure(error, 'run', []);
      logFailed(failure);
      await announceEnd(request, failure.message);
    }
    throw error;
  }
}

async function runPhases(request: RunRequest, tracker: RunStateTracker): Promise<RunOutcome> {
  log.info('run started');
  enterPhase(tracker, 'resolving');
  const plan = await runIo(request).resolveRun(request);
  tracker.planned(
    plan.layers.map(({ layer }) => layer),
    plan.pairs
  );
  return withRepairs(tracker, () => carryOut(request, plan, tracker));
}

/** Everything that is stored for a run. @throws ActivityFailure when a part of it is found damaged later on */
async function carryOut(request: RunRequest, plan: RunPlan, tracker: RunStateTracker): Promise<RunOutcome> {
  enterPhase(tracker, 'matching');
  const model = await matchModel(request, plan, tracker);
  const drift = await compareWithPrevious(request, plan, tracker);
  enterPhase(tracker, 'composing');
  const composition = await composeAll(request, plan, model, tracker);
  enterPhase(tracker, 'publishing');
  const results = {
    request,
    plan,
    matches: model.matches,
    failures: briefFailures(tracker.failures),
    composed: (composition?.composed ?? []).map(packed),
    chains: composition?.chains ?? null,
    ...(drift !== undefined && { drift }),
    started: workflowInfo().runStartTime.toISOString(),
  };
  const work = totalBytes(plan) + model.matches.length * PUBLISHED_AS_BYTES;
  return withPauses('publish', () => runIo(request, work).publishRun(results), request, tracker);
}

async function composeAll(
  request: RunRequest,
  plan: RunPlan,
  { folded, matches }: MatchedModel,
  tracker: RunStateTracker
): Promise<Composition | null> {
  if (matches.length === 0) return null;
  const { spec, execution } = request;
  try {
    const layers = plan.layers.map(({ layer }) => ({ layer, folded: folded.get(layer) ?? null }));
    const child = {
      workflowId: `${workflowInfo().workflowId}/compose`,
      taskQueue: execution.taskQueue,
      args: [{ spec, execution, layers, matches, deadline: runDeadline(request) }] as [ComposeRequest],
    };
    return await withPauses('compose', () => executeChild(composeChains, child), request, tracker);
  } catch (error) {
    if (isCorrupt(error)) throw error;
    const failure = asFailure(error, 'compose', []);
    tracker.failed(failure);
    logFailed(failure);
    return null;
  }
}

const packed = ({ source, target, agreement, extraCost }: ComposedComparison): PublishInput['composed'][number] => [
  source,
  target,
  agreement,
  extraCost,
];

const totalBytes = (plan: RunPlan): number =>
  plan.layers.reduce((sum, layer) => sum + layer.files.reduce((bytes, file) => bytes + file.bytes, 0), 0);
