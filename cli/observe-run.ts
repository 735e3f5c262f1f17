import type { Client, WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Heartbeat, TaskProgress } from '../activities/task-context';
import type { ProgressDetail } from '../workflows/progress-query';
import type { Failure, RunProgress } from '../workflows/run-types';
import { onlyAtWork } from './at-work';
import { queryProgress } from './query-progress';
import type { RunWorker } from './run-workers';

/** A run as the server and its workers know it at one moment. */
export interface ObservedRun {
  /** Null while no worker answers. */
  readonly progress: RunProgress | null;
  readonly steps: readonly PendingStep[];
  /** Empty where nobody asked for them. */
  readonly workers: readonly RunWorker[];
}

/** An activity of a run that has not ended. */
export interface PendingStep {
  /** Name of the activity. */
  readonly type: string;
  /** The layers that it works on; none where it works on all, or has not said yet. */
  readonly layers: readonly number[];
  readonly progress: TaskProgress | null;
  /** From 1. */
  readonly attempt: number;
  /** Identity of the worker that has it; null while it waits for one. */
  readonly worker: string | null;
  /** Why the attempt before this one ended. */
  readonly failure: Failure | null;
}

/** Workflows of a run that are asked for their activities; as many blocks are at work by default, and some to spare. */
const MOST_CHILDREN = 8;

/** @returns null when the run has ended */
export async function observeRun(
  handle: WorkflowHandle,
  detail: ProgressDetail
): Promise<Omit<ObservedRun, 'workers'> | null> {
  const { status, raw } = await handle.describe();
  if (status.name !== 'RUNNING') return null;
  const children = (raw.pendingChildren ?? []).flatMap(({ workflowId }) => workflowId ?? []).slice(0, MOST_CHILDREN);
  const described = await Promise.all(children.map((id) => activitiesOf(handle.client, id)));
  const steps = await Promise.all([...(raw.pendingActivities ?? []), ...described.flat()].map(stepOf));
  const progress = await queryProgress(handle, detail);
  return { progress: progress !== null && detail.grid === true ? onlyAtWork(progress, steps) : progress, steps };
}

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

/** Empty when the workflow has ended meanwhile. */
async function activitiesOf(client: Client['workflow'], workflowId: string): Promise<PendingActivity[]> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  try {
    return (await client.getHandle(workflowId).describe()).raw.pendingActivities ?? [];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

async function stepOf(activity: PendingActivity): Promise<PendingStep> {
  const { defaultPayloadConverter } = await import('@temporalio/client');
  const { PendingActivityState } = (await import('@temporalio/proto')).default.temporal.api.enums.v1;
  const { activityType, attempt, heartbeatDetails, lastFailure, lastWorkerIdentity, state } = activity;
  const payload = heartbeatDetails?.payloads?.[0];
  // Workers of an earlier version say less.
  const heartbeat = payload && defaultPayloadConverter.fromPayload<Partial<Heartbeat> | null>(payload);
  const type = activityType?.name ?? 'unknown';
  const layers = heartbeat?.layers ?? [];
  const isStarted = state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;
  return {
    ...{ type, layers, progress: heartbeat?.progress ?? null },
    attempt: attempt ?? 1,
    worker: isStarted ? (lastWorkerIdentity ?? null) : null,
    failure: lastFailure ? await failureOf(lastFailure, type, layers) : null,
  };
}

/** What an activity does, in the words that failures have for it. */
export function stepName(activity: string): string {
  return NAMES[activity] ?? activity;
}

const NAMES: Readonly<Record<string, string>> = {
  resolveRun: 'read',
  foldLayer: 'fold',
  matchLayers: 'match',
  countDrift: 'drift',
  compareLayer: 'compose',
  compareComposed: 'compose',
  buildChains: 'compose',
  evaluatePair: 'evaluate',
  publishEvaluation: 'publish',
  publishRun: 'publish',
};

async function failureOf(
  { message, timeoutFailureInfo, applicationFailureInfo }: temporal.api.failure.v1.IFailure,
  activity: string,
  layers: readonly number[]
): Promise<Failure> {
  const { TimeoutType } = (await import('@temporalio/proto')).default.temporal.api.enums.v1;
  const what = stepName(activity);
  if (timeoutFailureInfo) {
    const isLost = timeoutFailureInfo.timeoutType === TimeoutType.TIMEOUT_TYPE_HEARTBEAT;
    const text = isLost ? 'no heartbeat: the worker was lost' : 'it took longer than it may';
    return { what, layers, type: 'TimeoutError', message: text };
  }
  return { what, layers, type: applicationFailureInfo?.type ?? 'Error', message: message ?? 'unknown' };
}
