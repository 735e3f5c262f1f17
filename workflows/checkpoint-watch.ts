import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, proxyActivities, sleep, startChild } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { IoActivities } from './activity-types';
import { modelMatch } from './model-match';
import type { RunRequest } from './run-types';
import { runStartOptions } from './run-workflow';
import type { NewCheckpoint, WatchOutcome, WatchRequest } from './schedule-types';

/**
 * One look at the checkpoints of a training: claims each that is complete and has no run yet, in order of step, and starts
 * its run, which does not end with this workflow. Looks may overlap: the claim in the store decides which run a checkpoint has.
 */
export async function checkpointWatch(request: WatchRequest): Promise<WatchOutcome> {
  const { findNewCheckpoints, claimCheckpoint } = proxyActivities<IoActivities>(
    activityOptions('io', request.execution)
  );
  const { schedule, execution, settleSeconds } = request;
  let found = await findNewCheckpoints(schedule);
  if (settleSeconds !== null && found.some(isUndecided)) {
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
    if (run !== null && (await startRun({ ...run, execution }))) started.push(run.runId);
  }
  return { started, waiting: found.filter(({ isComplete }) => !isComplete).map(({ name }) => name) };
}

const isUndecided = ({ isComplete, waitsFor }: NewCheckpoint): boolean => !isComplete && waitsFor === null;

/** Whether it was not started before. */
async function startRun(request: RunRequest): Promise<boolean> {
  try {
    await startChild(modelMatch, {
      ...runStartOptions(request),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // A run that ended without a result, or that a person has cancelled, is not started again.
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
