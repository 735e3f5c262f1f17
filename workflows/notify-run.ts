import { ParentClosePolicy, proxyActivities, startChild, workflowInfo } from '@temporalio/workflow';
import { activityOptions } from './activity-options';
import type { IoActivities } from './activity-types';
import { asFailure } from './failures';
import { logFailed } from './log-failure';
import type { RunRequest } from './run-types';
import { upgradesByItself } from './upgrades-by-itself';

/** A run that ended, for those who asked to be told. */
export interface NotifyRequest {
  readonly request: RunRequest;
  /** Tells this end of the run from others of the same run. */
  readonly ending: string;
  /** Why it ended without results; null where there is a manifest. */
  readonly error: string | null;
}

/** A receiver that takes nothing for so long is not told any more. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** Tells that a run ended, and whether its features drifted further than they were to; each by itself. */
export async function notifyRun({ request, ending, error }: NotifyRequest): Promise<void> {
  const { execution, spec } = request;
  const until = workflowInfo().runStartTime.getTime() + PATIENCE_MS;
  const { sendRunEvent } = proxyActivities<IoActivities>({
    ...activityOptions('io', execution, { until }),
    retry: { initialInterval: '2s', backoffCoefficient: 3, maximumInterval: '1h' },
  });
  const hasDrift = spec.previous !== undefined && execution.notify?.driftAbove !== undefined && error === null;
  const subjects = hasDrift ? (['run', 'drift'] as const) : (['run'] as const);
  const sent = subjects.map((about) => sendRunEvent({ request, about, id: `${ending}.${about}`, error }));
  const failed = (await Promise.allSettled(sent)).filter((result) => result.status === 'rejected');
  for (const { reason } of failed) logFailed(asFailure(reason, 'webhook', []));
  if (failed.length > 0) throw failed[0]!.reason;
}

// A receiver that is away for a day must not keep the workers of an old build for so long.
upgradesByItself(notifyRun);

/** Starts to tell of the end of a run where that was asked for. The run itself does not wait for it. */
export async function announceEnd(request: RunRequest, error: string | null): Promise<void> {
  if (request.execution.notify === undefined) return;
  const { workflowId, runId } = workflowInfo();
  await startChild(notifyRun, {
    workflowId: `${workflowId}/notify-${runId}`,
    taskQueue: request.execution.taskQueue,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [{ request, ending: runId, error }],
  });
}
