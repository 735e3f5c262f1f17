import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
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
import { askInTurn } from './judgement-asking';
import type { DescribedRef, JudgementOutcome, JudgementPlan, JudgeRequest, MeaningsRef } from './judgement-types';
import { judgementName } from './judgement-workflow';
import { progressQuery } from './progress-query';
import { withRepairs } from './repairs';
import { pieceDeadline, runIo } from './run-io';
import { RunStateTracker } from './run-state';
import type { Failure } from './run-types';

/**
 * Compares matched features of a finished run by their descriptions: by words, and by a judge where one is named. All that it
 * needs of the run lies in its folder. A layer whose descriptions are broken, and a judge that refuses, fail alone; the rest is
 * published.
 */
export async function judgeRun(request: JudgeRequest): Promise<JudgementOutcome> {
  const tracker = new RunStateTracker(request);
  setHandler(progressQuery, () => tracker.snapshot());
  try {
    return await withRepairs(tracker, () => carryOut(request, tracker));
  } catch (error) {
    // It marks answers as in use; they stay until they are old.
    const ended = { ...request, runId: judgementName(request.runId) };
    if (isCancellation(error) && !request.dryRun)
      await CancellationScope.nonCancellable(() => runIo(request).discardRun(ended));
    throw error;
  }
}

async function carryOut(request: JudgeRequest, tracker: RunStateTracker): Promise<JudgementOutcome> {
  const failures: Failure[] = [];
  const plan = await runIo(request).planJudgement(request);
  enterPhase(tracker, 'evaluating');
  const descriptions = await describeLayers(request, plan, failures);
  const pairs = await comparePairs(request, plan, descriptions, failures);
  const asked = await askInTurn(request, { descriptions, pairs, failures }, tracker);
  if (request.dryRun) return { state: failures.length === 0 ? 'done' : 'partial', location: '', failures, ...asked };
  enterPhase(tracker, 'publishing');
  const published = await runIo(request).publishJudgement({
    ...{ request, plan, descriptions, pairs },
    failures: briefFailures(failures),
    started: workflowInfo().runStartTime.toISOString(),
  });
  return { ...published, ...asked };
}

/** @throws InputError when no layer has any */
async function describeLayers(
  request: JudgeRequest,
  { layers }: JudgementPlan,
  failures: Failure[]
): Promise<DescribedRef[]> {
  const { spec, execution, descriptions: location, explainers } = request;
  const options = activityOptions('fold', execution, { until: pieceDeadline(request) });
  const { describeLayer } = proxyActivities<FoldActivities>(options);
  const described = await eachAlone(request, layers, failures, {
    about: ({ layer }) => ({ what: 'describe', layers: [layer] }),
    work: (layer) => describeLayer({ out: spec.out, layer, location, explainers }),
  });
  if (failures.length === 0 && described.every(({ files }) => files === 0)) {
    const { name: type, message } = new InputError('there are no descriptions of the layers of this run', {
      ...{ file: location, field: '--descriptions', found: 'no file of any of them' },
      expected: `layer_${layers[0]!.layer}.jsonl and so on, or {layer} in the path`,
    });
    throw ApplicationFailure.nonRetryable(message, type);
  }
  return described;
}

/** Of layers that could be read, those without any descriptions included: coverage is told of all. */
async function comparePairs(
  request: JudgeRequest,
  { sources }: JudgementPlan,
  descriptions: readonly DescribedRef[],
  failures: Failure[]
): Promise<MeaningsRef[]> {
  const { runId, spec, execution, samples } = request;
  const options = activityOptions('fold', execution, { until: pieceDeadline(request) });
  const { compareMeanings } = proxyActivities<FoldActivities>(options);
  const isDescribed = (layer: number): boolean => descriptions.some((one) => one.layer === layer);
  const possible = sources
    .filter(({ source }) => isDescribed(source))
    .map((source) => ({ ...source, targets: source.targets.filter(({ target }) => isDescribed(target)) }))
    .filter(({ targets }) => targets.length > 0);
  const compared = await eachAlone(request, possible, failures, {
    about: ({ source }) => ({ what: 'compare', layers: [source] }),
    work: (source) => {
      const needed = [source.source, ...source.targets.map(({ target }) => target)];
      const refs = descriptions.filter(({ layer }) => needed.includes(layer));
      return compareMeanings({ runId, out: spec.out, source, samples, descriptions: refs });
    },
  });
  return compared.flat();
}
