import { CancellationScope, isCancellation, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities } from './activity-types';
import { bounded } from './bounded';
import { briefFailures } from './brief-failures';
import { enterPhase } from './enter-phase';
import { evaluationName } from './evaluation-workflow';
import { asFailure, isCorrupt } from './failures';
import { matchModel } from './match-model';
import type { MatchedModel } from './match-model';
import { progressQuery } from './progress-query';
import { withRepairs } from './repairs';
import { runDeadline, runIo } from './run-io';
import { RunStateTracker } from './run-state';
import type { EvaluateRequest, EvaluationOutcome, EvaluationRef, Failure, MatchRef, RunPlan } from './run-types';
import { nameOf } from './settle-pair';

/**
 * Compares the matches of a run with what simpler methods choose. What the run has stored is used again, and computed again
 * where it is gone; the matches without folding, or with it, are computed where they are asked for. A pair that cannot be evaluated fails
 * alone.
 */
export async function evaluateRun(request: EvaluateRequest): Promise<EvaluationOutcome> {
  const tracker = new RunStateTracker(request);
  setHandler(progressQuery, () => tracker.snapshot());
  try {
    return await evaluate(request, tracker);
  } catch (error) {
    // It marks artifacts as in use.
    if (isCancellation(error)) {
      const ended = { ...request, runId: evaluationName(request.runId) };
      await CancellationScope.nonCancellable(() => runIo(request).discardRun(ended));
    }
    throw error;
  }
}

async function evaluate(request: EvaluateRequest, tracker: RunStateTracker): Promise<EvaluationOutcome> {
  const plan = await runIo(request).resolveRun({ ...request, runId: evaluationName(request.runId) });
  tracker.planned(
    plan.layers.map(({ layer }) => layer),
    plan.pairs
  );
  return withRepairs(tracker, () => carryOut(request, plan, tracker));
}

async function carryOut(request: EvaluateRequest, plan: RunPlan, tracker: RunStateTracker): Promise<EvaluationOutcome> {
  const { spec, methods } = request;
  enterPhase(tracker, 'matching');
  const model = await matchModel(request, plan, tracker);
  const other = methods.includes(spec.fold ? 'matched_unfolded' : 'matched_folded')
    ? await matchModel({ ...request, spec: { ...spec, fold: !spec.fold } }, plan, new RunStateTracker(request))
    : null;
  enterPhase(tracker, 'evaluating');
  const { pairs, failures } = await evaluatePairs(request, plan, model, other);
  enterPhase(tracker, 'publishing');
  return runIo(request).publishEvaluation({
    ...{ request, plan, pairs },
    failures: briefFailures([...tracker.failures, ...failures]),
    started: workflowInfo().runStartTime.toISOString(),
  });
}

async function evaluatePairs(
  request: EvaluateRequest,
  plan: RunPlan,
  model: MatchedModel,
  other: MatchedModel | null
): Promise<{ pairs: EvaluationRef[]; failures: Failure[] }> {
  const { spec, execution, methods } = request;
  const own = matchesByName(model);
  const otherwise = matchesByName(other);
  const slots = bounded(execution.maxConcurrentPairs);
  const failures: Failure[] = [];
  const pairs = await Promise.all(
    plan.pairs.map((pair) =>
      slots(async () => {
        const [source, target] = pair.map((layer) => model.folded.get(layer));
        const match = own.get(nameOf(pair));
        if (source === undefined || target === undefined || match === undefined) return [];
        const work = source.features * target.features * source.elements;
        const { evaluatePair } = proxyActivities<FoldActivities>(
          activityOptions('fold', execution, { work, until: runDeadline(request) })
        );
        const second = otherwise.get(nameOf(pair)) ?? null;
        const matches = spec.fold
          ? { matched_folded: match, matched_unfolded: second }
          : { matched_folded: second, matched_unfolded: match };
        try {
          return [await evaluatePair({ spec, source, target, matches, methods })];
        } catch (error) {
          if (isCorrupt(error)) throw error;
          failures.push(asFailure(error, 'evaluate', pair));
          return [];
        }
      })
    )
  );
  return { pairs: pairs.flat(), failures };
}

const matchesByName = (model: MatchedModel | null): ReadonlyMap<string, MatchRef> =>
  new Map((model?.matches ?? []).map((match) => [nameOf([match.source, match.target]), match]));
