import type { WorkflowHandle } from '@temporalio/client';
import { canonicalJson } from '../../artifacts/json';
import type { judgeRun } from '../../workflows/judge-run';
import type { JudgeRequest } from '../../workflows/judgement-types';
import { judgementWorkflowId } from '../../workflows/judgement-workflow';
import type { Session } from '../session';
import { stopJudgement } from './stop-judgement';

/**
 * Starts to judge a run, or attaches to it where the same is under way already. A judgement of the run that was asked for
 * otherwise is ended first: what it has stored is used again.
 */
export async function startJudgement(
  session: Session,
  request: JudgeRequest
): Promise<WorkflowHandle<typeof judgeRun>> {
  const workflowId = judgementWorkflowId(request);
  const isSame = await endOther(session, workflowId, request);
  return session.client.workflow.start<typeof judgeRun>('judgeRun', {
    workflowId,
    taskQueue: request.execution.taskQueue,
    args: [request],
    memo: { request },
    staticSummary: `judgement of ${request.runId}`,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: isSame ? 'USE_EXISTING' : 'TERMINATE_EXISTING',
  });
}

/** Whether what is under way, if anything, is what was asked for. */
async function endOther(session: Session, workflowId: string, request: JudgeRequest): Promise<boolean> {
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  const handle = session.client.workflow.getHandle(workflowId);
  try {
    const { status, memo } = await handle.describe();
    if (status.name !== 'RUNNING') return false;
    if (memo?.request !== undefined && canonicalJson(memo.request) === canonicalJson(request)) return true;
    await stopJudgement(session, handle);
    return false;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
