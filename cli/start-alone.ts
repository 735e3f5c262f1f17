import type { WorkflowIdConflictPolicy } from '@temporalio/common';
import { canonicalJson } from '../artifacts/json';
import type { Session } from './session';
import { stopWorkflow } from './stop-workflow';

/**
 * How a workflow is started of which there is one at a time for a run: a command that asks for the same attaches to it, one that
 * asks for something else ends it first. The workflow must have its request in its memo.
 */
export async function conflictPolicy(
  session: Session,
  workflowId: string,
  request: object
): Promise<WorkflowIdConflictPolicy> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  const handle = session.client.workflow.getHandle(workflowId);
  try {
    const { status, memo } = await handle.describe();
    if (status.name !== 'RUNNING') return 'TERMINATE_EXISTING';
    if (memo?.request !== undefined && canonicalJson(memo.request) === canonicalJson(request)) return 'USE_EXISTING';
    await stopWorkflow(session, handle);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  return 'TERMINATE_EXISTING';
}
