import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { RunManifest } from '../artifacts/manifest';
import { findRunManifest } from '../artifacts/run-manifest';
import { openStore } from '../artifacts/store/open-store';
import type { modelMatch } from '../workflows/model-match';
import type { RunRequest } from '../workflows/run-types';
import { traceStart } from '../workers/tracing/trace-start';
import { runStartOptions, runWorkflowId } from '../workflows/run-workflow';

export type RunHandle = WorkflowHandle<typeof modelMatch>;

/** Starts a run, or attaches to it when it is running. */
export async function startRun(client: Client, request: RunRequest): Promise<RunHandle> {
  const options = runStartOptions(request);
  const { namespace } = client.options;
  return traceStart({ namespace, workflowType: 'modelMatch', workflowId: options.workflowId }, () =>
    client.workflow.start<typeof modelMatch>('modelMatch', {
      ...options,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
    })
  );
}

/** What Temporal knows of a run; null when it knows none of this id. */
export async function describeRun(client: Client, runId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(runWorkflowId(runId)).describe();
  } catch (error) {
    const { WorkflowNotFoundError } = await import('@temporalio/client');
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** The request a run was started with. */
export function requestOf(description: WorkflowExecutionDescription): RunRequest | null {
  return (description.memo?.request as RunRequest | undefined) ?? null;
}

/** The manifest of a finished run in an output folder; null when there is none. */
export function findManifest(out: string, runId: string): Promise<RunManifest | null> {
  return findRunManifest(openStore(out), runId);
}
