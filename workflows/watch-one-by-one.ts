import { proxyActivities, sleep } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { ClaimedRun } from './activity-types';
import { startCheckpointRun } from './start-checkpoint-run';
import type { ScheduleRef, WatchOutcome, WatchRequest } from './schedule-types';

interface NewCheckpoint {
  readonly name: string;
  readonly fingerprint: string;
  readonly isComplete: boolean;
  readonly waitsFor: string | null;
}

/** Activities of an earlier version, which no worker of this one has. */
interface EarlierActivities {
  findNewCheckpoints(schedule: ScheduleRef): Promise<readonly NewCheckpoint[]>;
  claimCheckpoint(input: { schedule: ScheduleRef; checkpoint: NewCheckpoint }): Promise<ClaimedRun | null>;
}

/**
 * What an earlier version did in the place of `checkpointWatch`, so that a workflow that it began can be read to its end. One that
 * is under way while workers change ends without success after its retries, and the schedule looks again.
 */
export async function watchOneByOne({ schedule, execution, settleSeconds }: WatchRequest): Promise<WatchOutcome> {
  const { findNewCheckpoints, claimCheckpoint } = proxyActivities<EarlierActivities>(activityOptions('io', execution));
  let found = await findNewCheckpoints(schedule);
  if (settleSeconds !== null && found.some(({ isComplete, waitsFor }) => !isComplete && waitsFor === null)) {
    await sleep(settleSeconds * 1000);
    const before = new Map(found.map(({ name, fingerprint }) => [name, fingerprint]));
    found = (await findNewCheckpoints(schedule)).map((now) => ({
      ...now,
      isComplete: now.isComplete || (now.waitsFor === null && before.get(now.name) === now.fingerprint),
    }));
  }
  const started: string[] = [];
  for (const checkpoint of found.filter(({ isComplete }) => isComplete)) {
    const run = await claimCheckpoint({ schedule, checkpoint });
    if (run !== null && (await startCheckpointRun({ ...run, execution }))) started.push(run.runId);
  }
  return { started, waiting: found.filter(({ isComplete }) => !isComplete).map(({ name }) => name) };
}
