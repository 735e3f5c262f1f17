import { writeRunPlan } from '../artifacts/run-plan';
import { CancelledError } from '../matching/errors';
import type { IoActivities } from '../workflows/activity-types';
import { atBoundary } from './boundary';
import type { ActivityPorts } from './ports';
import { claimCheckpoint } from './schedules/claim-checkpoint';
import { lookUpRun } from './schedules/look-up-run';
import { findNewCheckpoints } from './schedules/new-checkpoints';
import { plannedKeys } from './steps/planned-keys';
import { sendRunEvent } from './notify/send-run-event';
import { discardRun, publishRun } from './steps/publish-run';

/** Activities of the `io` pool. All are idempotent: what they write is a function of their input. */
export function createIoActivities({ openStore, runTask, now, observer }: ActivityPorts): IoActivities {
  return {
    resolveRun: ({ runId, spec }) =>
      atBoundary(observer, async (options) => {
        const plan = await runTask('hashSource', { spec }, options);
        observer.inputRead(plan.layers.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0));
        await writeRunPlan(openStore(spec.out), runId, plannedKeys(spec, plan));
        return plan;
      }),
    publishRun: (input) =>
      atBoundary(observer, ({ onProgress, signal }) => {
        const throwIfCancelled = (): void => {
          if (signal.aborted) throw new CancelledError();
        };
        return publishRun(openStore(input.request.spec.out), input, now(), { onProgress, throwIfCancelled });
      }),
    discardRun: (request) => atBoundary(observer, () => discardRun(openStore(request.spec.out), request)),
    sendRunEvent: (input) =>
      atBoundary(observer, ({ signal }) => sendRunEvent(openStore(input.request.spec.out), input, now(), signal)),
    findNewCheckpoints: (schedule) =>
      atBoundary(observer, async () => {
        const found = await findNewCheckpoints(openStore(schedule.out), schedule);
        observer.scheduleLooked(schedule.name);
        return found;
      }),
    claimCheckpoint: (input) =>
      atBoundary(observer, () => claimCheckpoint(openStore(input.schedule.out), input, lookUpRun)),
  };
}
