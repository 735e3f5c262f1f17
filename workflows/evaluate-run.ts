import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Method } from '../matching/evaluation/methods';
import { activityOptions } from './activity-options';
import type { EvaluatePairInput, FoldActivities, IoActivities } from './activity-types';
import { bounded } from './bounded';
import { briefFailures } from './brief-failures';
import { deadlineOf } from './deadline';
import { evaluationName } from './evaluation-workflow';
import { asFailure, isCorrupt } from './failures';
import { matchModel } from './match-model';
import type { MatchedModel } from './match-model';
import { progressQuery } from './progress-query';
import { RunStateTracker } from './run-state';
import type { EvaluationOutcome, EvaluationRef, Failure, RunPlan, RunProgress, RunRequest } from './run-types';
import { nameOf } from './settle-pair';
import type { Pair } from './settle-pair';

export interface EvaluateRequest extends RunRequest {
  readonly methods: readonly Method[];
}

/** How often an evaluation goes back to its layers and pairs because something in the store was found damaged. */
const MOST_REPAIRS = 3;

/**
 * Compares the matches of a run with what simpler methods choose. What the run has stored is used again, and computed again
 * where it is gone; the matches without folding, or with it, are computed where they are asked for. A pair that cannot be evaluated fails
 * alone.
 */
export async function evaluateRun(request: EvaluateRequest): Promise<EvaluationOutcome> {
  const tracker = new RunStateTracker(request);
  setHandler(progressQuery, () => tracker.snapshot());
  const evaluationId = evaluationName(request.runId);
  try {
    return await evaluate(request, evaluationId, tracker);
  } catch (error) {
    // It marks artifacts as in use.
    if (isCancellation(error)) {
      const ended = { ...request, runId: evaluationId };
      await CancellationScope.nonCancellable(() => io(request).discardRun(ended));
    }
    throw error;
  }
}

async function evaluate(
  request: EvaluateRequest,
  evaluationId: string,
  tracker: RunStateTracker
): Promise<EvaluationOutcome> {
  const plan = await io(request).resolveRun({ ...request, runId: evaluationId });
  tracker.planned(
    plan.layers.map(({ layer }) => layer),
    plan.pairs
  );
  for (let repairs = 0; ; repairs++) {
    try {
      const outcome = await carryOut(request, evaluationId, plan, tracker);
      tracker.state = outcome.state;
      report(tracker, 'finished');
      return outcome;
    } catch (error) {
      if (!isCorrupt(error) || repairs >= MOST_REPAIRS) throw error;
      tracker.startOver();
    }
  }
}

async function carryOut(
  request: EvaluateRequest,
  evaluationId: string,
  plan: RunPlan,
  tracker: RunStateTracker
): Promise<EvaluationOutcome> {
  const { spec, methods } = request;
  report(tracker, 'matching');
  const model = await matchModel(request, plan, tracker);
  const other = methods.includes(spec.fold ? 'matched_unfolded' : 'matched_folded')
    ? await matchModel({ ...request, spec: { ...spec, fold: !spec.fold } }, plan, new RunStateTracker(request))
    : null;
  report(tracker, 'evaluating');
  const { pairs, failures } = await evaluatePairs(request, plan, model, other);
  report(tracker, 'publishing');
  return io(request).publishEvaluation({
    ...{ request, evaluationId, plan, methods, pairs },
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
  const matchIn = (
    of: MatchedModel | null,
    pair: Pair
  ): EvaluatePairInput['matches'][keyof EvaluatePairInput['matches']] =>
    of?.matches.find(({ source, target }) => nameOf([source, target]) === nameOf(pair)) ?? null;
  const slots = bounded(execution.maxConcurrentPairs);
  const failures: Failure[] = [];
  const pairs = await Promise.all(
    plan.pairs.map((pair) =>
      slots(async () => {
        const [source, target] = pair.map((layer) => model.folded.get(layer));
        const [own, otherwise] = [matchIn(model, pair), matchIn(other, pair)];
        if (source === undefined || target === undefined || own === null) return [];
        const work = source.features * target.features * source.elements;
        const { evaluatePair } = proxyActivities<FoldActivities>(
          activityOptions('fold', execution, { work, until: deadline(request) })
        );
        const matches = spec.fold
          ? { matched_folded: own, matched_unfolded: otherwise }
          : { matched_folded: otherwise, matched_unfolded: own };
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

function report(tracker: RunStateTracker, phase: RunProgress['phase']): void {
  tracker.phase = phase;
  setCurrentDetails(tracker.details());
}

function io(request: RunRequest): IoActivities {
  return proxyActivities<IoActivities>(activityOptions('io', request.execution, { until: deadline(request) }));
}

const deadline = ({ execution }: RunRequest): number => deadlineOf(execution, workflowInfo().runStartTime);
