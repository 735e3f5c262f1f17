import type { WorkflowHandle } from '@temporalio/client';
import type { judgeRun } from '../../workflows/judge-run';
import type { JudgeRequest } from '../../workflows/judgement-types';
import { judgementWorkflowId } from '../../workflows/judgement-workflow';
import type { Session } from '../session';
import { conflictPolicy } from '../start-alone';

/**
 * Starts to judge a run, or attaches to it where the same is under way already. A judgement of the run that was asked for
 * otherwise is ended first: what it has stored is used again.
 */
export async function startJudgement(
  session: Session,
  request: JudgeRequest
): Promise<WorkflowHandle<typeof judgeRun>> {
  const workflowId = judgementWorkflowId(request);
  return session.client.workflow.start<typeof judgeRun>('judgeRun', {
    workflowId,
    taskQueue: request.execution.taskQueue,
    args: [request],
    memo: { request },
    staticSummary: `judgement of ${request.runId}`,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: await conflictPolicy(session, workflowId, request),
  });
}
