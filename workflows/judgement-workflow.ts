import type { JudgeRequest } from './judgement-types';
import { runWorkflowId } from './run-workflow';

/** Name under which the judgement of a run is live in the store. */
export const judgementName = (runId: string): string => `${runId}.judgement`;

/** Name under which Temporal knows the workflow that judges a run; looking at what that would ask disturbs none. */
export const judgementWorkflowId = ({ runId, dryRun }: Pick<JudgeRequest, 'runId' | 'dryRun'>): string =>
  `${runWorkflowId(runId)}/judgement${dryRun ? '-dry-run' : ''}`;
