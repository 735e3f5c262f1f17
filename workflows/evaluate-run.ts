import {
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { FoldActivities } from './activity-types';
import { briefFailures } from './brief-failures';
import { eachAlone } from './each-alone';
import { enterPhase } from './enter-phase';
import { evaluateMore } from './evaluation-steps';
import { evaluationName } from './evaluation-workflow';
import { matchModel } from './match-model';
import type { MatchedModel } from './match-model';
import { specOfMethod } from './method-specs';
import { progressQuery } from './progress-query';
import { withRepairs } from './repairs';
import { runDeadline, runIo } from './run-io';
import { RunStateTracker } from './run-state';
import type { EvaluateRequest, EvaluationOutcome, EvaluationRef, Failure, MatchRef, RunPlan } from './run-types';
import { nameOf } from './settle-pair';

/**
 * Compares the matches of a run with what simpler methods choose. What the run has stored is used again, and computed again
 * where it is gone; the matches without folding, or with it, or by other weights, are computed where they are asked for. A
 * pair that cannot be evaluated fails alone.
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
  const { activations: location } = request;
  const states =
    location === undefined
      ? null
      : await runIo(request).planStates({ location, layers: plan.layers.map(({ layer }) => layer) });
  enterPhase(tracker, 'matching');
  const model = await matchModel(request, plan, tracker);
  const others = await matchOtherwise(request, plan);
  enterPhase(tracker, 'evaluating');
  const { pairs, failures } = await evaluatePairs(request, plan, model, others);
  const more = patched('layers-and-cycles')
    ? await evaluateMore(request, { plan, model, states, pairs, failures })
    : {};
  enterPhase(tracker, 'publishing');
  return runIo(request).publishEvaluation({
    ...{ request, plan, pairs },
    ...more,
    failures: briefFailures([...tracker.failures, ...failures]),
    started: workflowInfo().runStartTime.toISOString(),
  });
}

/** The matches by which the run was not made, by method. */
async function matchOtherwise(
  request: EvaluateRequest,
  plan: RunPlan
): Promise<ReadonlyMap<string, ReadonlyMap<string, MatchRef>>> {
  const found = new Map<string, ReadonlyMap<string, MatchRef>>();
  for (const method of request.methods) {
    const spec = specOfMethod(method, request.spec);
    if (spec === null || spec === request.spec) continue;
    const model = await matchModel({ ...request, spec }, plan, new RunStateTracker(request));
    found.set(method, matchesByName(model));
  }
  return found;
}

async function evaluatePairs(
  request: EvaluateRequest,
  plan: RunPlan,
  model: MatchedModel,
  others: ReadonlyMap<string, ReadonlyMap<string, MatchRef>>
): Promise<{ pairs: EvaluationRef[]; failures: Failure[] }> {
  const { spec, execution, methods } = request;
  const own = matchesByName(model);
  const failures: Failure[] = [];
  const inputs = plan.pairs.flatMap((pair) => {
    const [source, target] = pair.map((layer) => model.folded.get(layer));
    const match = own.get(nameOf(pair));
    if (source === undefined || target === undefined || match === undefined) return [];
    const matches = Object.fromEntries(
      methods.flatMap((method) => {
        const used = specOfMethod(method, spec);
        if (used === null) return [];
        return [[method, used === spec ? match : (others.get(method)?.get(nameOf(pair)) ?? null)]];
      })
    );
    return [{ spec, source, target, matches, methods }];
  });
  const pairs = await eachAlone(request, inputs, failures, {
    about: ({ source, target }) => ({ what: 'evaluate', layers: [source.layer, target.layer] }),
    work: (input) => {
      const work = input.source.features * input.target.features * input.source.elements;
      const options = activityOptions('fold', execution, { work, until: runDeadline(request) });
      return proxyActivities<FoldActivities>(options).evaluatePair(input);
    },
  });
  return { pairs, failures };
}

const matchesByName = (model: MatchedModel): ReadonlyMap<string, MatchRef> =>
  new Map(model.matches.map((match) => [nameOf([match.source, match.target]), match]));
