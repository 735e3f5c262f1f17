import { writeRunPlan } from '../artifacts/run-plan';
import { CancelledError } from '../matching/errors';
import type { IoActivities } from '../workflows/activity-types';
import { atBoundary } from './boundary';
import { createJudgementIo } from './judgement-activities';
import type { ActivityPorts } from './ports';
import { planWork } from './planning/plan-work';
import { lookUpRun } from './schedules/look-up-run';
import { takeCheckpoints } from './schedules/take-checkpoints';
import { plannedKeys } from './steps/planned-keys';
import { sendRunEvent } from './notify/send-run-event';
import { publishEvaluation } from './evaluation/publish-evaluation';
import { discardRun, publishRun } from './steps/publish-run';

/** Activities of the `io` pool. All are idempotent: what they write is a function of their input. */
export function createIoActivities(ports: ActivityPorts): IoActivities {
  const { openStore, runTask, now, observer, planningPlace } = ports;
  return {
    ...createJudgementIo(ports),
    resolveRun: ({ runId, spec, execution }) =>
      atBoundary(observer, {}, async (options) => {
        const plan = await runTask('hashSource', { spec }, options);
        const bytes = plan.layers.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
        observer.inputRead(bytes);
        options.onFacts({ layers: plan.layers.length, pairs: plan.pairs.length, bytes });
        const store = openStore(spec.out);
        const work = await planWork(store, { spec, execution }, plan, await planningPlace());
        await writeRunPlan(store, runId, plannedKeys(spec, plan), work);
        return plan;
      }),
    publishRun: (input) =>
      atBoundary(observer, {}, async ({ onProgress, onFacts, signal }) => {
        const throwIfCancelled = (): void => {
          if (signal.aborted) throw new CancelledError();
        };
        const store = openStore(input.request.spec.out);
        const outcome = await publishRun(store, input, now(), { onProgress, throwIfCancelled });
        onFacts({ state: outcome.state, pairs: outcome.pairsDone, failures: outcome.failures.length });
        return outcome;
      }),
    planStates: (input) =>
      atBoundary(observer, {}, async (options) => {
        const plan = await runTask('planStates', input, options);
        options.onFacts({
          layers: plan.layers.length,
          bytes: plan.layers.reduce((sum, { file }) => sum + file.bytes, 0),
        });
        return plan;
      }),
    publishEvaluation: (input) =>
      atBoundary(observer, {}, async ({ onFacts }) => {
        const outcome = await publishEvaluation(openStore(input.request.spec.out), input, now());
        onFacts({ state: outcome.state, pairs: input.pairs.length, failures: outcome.failures.length });
        return outcome;
      }),
    discardRun: (request) => atBoundary(observer, {}, () => discardRun(openStore(request.spec.out), request)),
    sendRunEvent: (input) =>
      atBoundary(observer, {}, ({ signal }) => sendRunEvent(openStore(input.request.spec.out), input, now(), signal)),
    takeCheckpoints: (input) =>
      atBoundary(observer, { schedule: input.schedule.name }, async ({ onNote }) => {
        const { out, name } = input.schedule;
        const taken = await takeCheckpoints(openStore(out), input, { lookUp: lookUpRun, note: onNote });
        observer.scheduleLooked(name);
        return taken;
      }),
  };
}
