import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { InputError } from '../matching/errors';
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
import { pieceDeadline, runIo } from './run-io';
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
  checkInputs(request, plan);
  tracker.planned(
    plan.layers.map(({ layer }) => layer),
    plan.pairs
  );
  return withRepairs(tracker, () => carryOut(request, plan, tracker));
}

/** @throws ApplicationFailure when the SAEs are not those that the run was made of */
function checkInputs({ inputs = [], spec }: EvaluateRequest, { layers }: RunPlan): void {
  const now = new Map(layers.map(({ layer, files }) => [layer, files.map(({ sha256 }) => sha256).join()]));
  const changed = inputs.filter(([layer, hashes]) => hashes.length > 0 && now.get(layer) !== hashes.join());
  if (changed.length === 0) return;
  const { name: type, message } = new InputError('the SAEs are others than when the run was made', {
    file: spec.source,
    field: changed.map(([layer]) => `layer ${layer}`).join(', '),
    remedy: 'Run again with --new to match them as they are now, and evaluate that run.',
  });
  throw ApplicationFailure.nonRetryable(message, type);
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
  const { pairs, failures } = await evaluatePairs(request, plan, model, others.matches);
  failures.push(...others.failures);
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

interface OtherMatches {
  /** By method and name of the pair. */
  readonly matches: ReadonlyMap<string, ReadonlyMap<string, MatchRef>>;
  readonly failures: readonly Failure[];
}

/** The matches by which the run was not made. Layers that cannot be folded have none of that kind, which is no failure. */
async function matchOtherwise(request: EvaluateRequest, plan: RunPlan): Promise<OtherMatches> {
  const found = new Map<string, ReadonlyMap<string, MatchRef>>();
  const failures: Failure[] = [];
  for (const method of request.methods) {
    const spec = specOfMethod(method, request.spec);
    if (spec === null || spec === request.spec) continue;
    const tracker = new RunStateTracker(request);
    const model = await matchModel({ ...request, spec }, plan, tracker);
    found.set(method, matchesByName(model));
    const failed = tracker.failures.filter(({ what }) => what === 'match');
    failures.push(...failed.map((failure) => ({ ...failure, message: `${method}: ${failure.message}` })));
  }
  return { matches: found, failures };
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
      const options = activityOptions('fold', execution, { work, until: pieceDeadline(request) });
      return proxyActivities<FoldActivities>(options).evaluatePair(input);
    },
  });
  return { pairs, failures };
}

const matchesByName = (model: MatchedModel): ReadonlyMap<string, MatchRef> =>
  new Map(model.matches.map((match) => [nameOf([match.source, match.target]), match]));
