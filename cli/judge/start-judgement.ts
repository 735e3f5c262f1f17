import type { Client, WorkflowHandle } from '@temporalio/client';
import { canonicalJson } from '../../artifacts/json';
import type { judgeRun } from '../../workflows/judge-run';
import type { JudgeRequest } from '../../workflows/judgement-types';
import { judgementWorkflowId } from '../../workflows/judgement-workflow';

/**
 * Starts to judge a run, or attaches to it where the same is under way already. A judgement of the run that was asked for
 * otherwise is ended: what it has stored is used again.
 */
export async function startJudgement(client: Client, request: JudgeRequest): Promise<WorkflowHandle<typeof judgeRun>> {
  const workflowId = judgementWorkflowId(request.runId);
  return client.workflow.start<typeof judgeRun>('judgeRun', {
    workflowId,
    taskQueue: request.execution.taskQueue,
    args: [request],
    memo: { request },
    staticSummary: `judgement of ${request.runId}`,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: (await isUnderWay(client, workflowId, request)) ? 'USE_EXISTING' : 'TERMINATE_EXISTING',
  });
}

async function isUnderWay(client: Client, workflowId: string, request: JudgeRequest): Promise<boolean> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  try {
    const { memo } = await client.workflow.getHandle(workflowId).describe();
    return memo?.request !== undefined && canonicalJson(memo.request) === canonicalJson(request);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
