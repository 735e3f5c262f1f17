import { runWorkflowId } from './run-workflow';

/** Name under which the judgement of a run is live in the store. */
export const judgementName = (runId: string): string => `${runId}.judgement`;

/** Name under which Temporal knows the workflow that judges a run. */
export const judgementWorkflowId = (runId: string): string => `${runWorkflowId(runId)}/judgement`;
