import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { modelMatch } from './model-match';
import type { RunRequest } from './run-types';
import { runStartOptions } from './run-workflow';

/** Starts the run of a checkpoint, which does not end with the workflow that starts it. Whether it was not started before. */
export async function startCheckpointRun(request: RunRequest): Promise<boolean> {
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
