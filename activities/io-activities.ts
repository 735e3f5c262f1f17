import { writeRunPlan } from '../artifacts/run-plan';
import { CancelledError } from '../matching/errors';
import type { IoActivities } from '../workflows/activity-types';
import { atBoundary } from './boundary';
import type { ActivityPorts } from './ports';
import { planWork } from './planning/plan-work';
import { lookUpRun } from './schedules/look-up-run';
import { takeCheckpoints } from './schedules/take-checkpoints';
import { plannedKeys } from './steps/planned-keys';
import { sendRunEvent } from './notify/send-run-event';
import { publishEvaluation } from './steps/publish-evaluation';
import { discardRun, publishRun } from './steps/publish-run';

/** Activities of the `io` pool. All are idempotent: what they write is a function of their input. */
export function createIoActivities({ openStore, runTask, now, observer, planningPlace }: ActivityPorts): IoActivities {
  return {
    resolveRun: ({ runId, spec, execution }) =>
      atBoundary(observer, async (options) => {
        const plan = await runTask('hashSource', { spec }, options);
        observer.inputRead(plan.layers.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0));
        const store = openStore(spec.out);
        const work = await planWork(store, { spec, execution }, plan, await planningPlace());
        await writeRunPlan(store, runId, plannedKeys(spec, plan), work);
        return plan;
      }),
    publishRun: (input) =>
      atBoundary(observer, ({ onProgress, signal }) => {
        const throwIfCancelled = (): void => {
          if (signal.aborted) throw new CancelledError();
        };
        return publishRun(openStore(input.request.spec.out), input, now(), { onProgress, throwIfCancelled });
      }),
    publishEvaluation: (input) =>
      atBoundary(observer, () => publishEvaluation(openStore(input.request.spec.out), input, now())),
    discardRun: (request) => atBoundary(observer, () => discardRun(openStore(request.spec.out), request)),
    sendRunEvent: (input) =>
      atBoundary(observer, ({ signal }) => sendRunEvent(openStore(input.request.spec.out), input, now(), signal)),
    takeCheckpoints: (input) =>
      atBoundary(observer, async ({ onNote }) => {
        const { out, name } = input.schedule;
        const taken = await takeCheckpoints(openStore(out), input, { lookUp: lookUpRun, note: onNote });
        observer.scheduleLooked(name);
        return taken;
      }),
  };
}
