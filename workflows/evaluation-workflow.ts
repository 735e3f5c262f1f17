import { runWorkflowId } from './run-workflow';

/** Name under which the evaluation of a run is live in the store. */
export const evaluationName = (runId: string): string => `${runId}.evaluation`;

/** Name under which Temporal knows the workflow that evaluates a run. */
export const evaluationWorkflowId = (runId: string): string => `${runWorkflowId(runId)}/evaluation`;
