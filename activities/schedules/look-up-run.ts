import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { runWorkflowId } from '../../workflows/run-workflow';
import type { TakePorts } from './take-checkpoints';

/** Asks the server of this activity how a run stands; one that it has done well has a result. */
export const lookUpRun: TakePorts['lookUp'] = async (runId) => {
  try {
    const { status } = await Context.current().client.workflow.getHandle(runWorkflowId(runId)).describe();
    if (status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW') return 'running';
    return status.name === 'CANCELLED' || status.name === 'TERMINATED' ? 'cancelled' : 'failed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
};
