import type { RunRequest } from './run-types';

/** Name under which Temporal knows the workflow of a run. */
export const runWorkflowId = (runId: string): string => `sae-match/${runId}`;

/** What the workflow of a run is started with, by a command or by another workflow. */
export function runStartOptions(request: RunRequest): {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: [RunRequest];
  readonly memo: { readonly request: RunRequest };
  readonly staticSummary: string;
} {
  return {
    workflowId: runWorkflowId(request.runId),
    taskQueue: request.execution.taskQueue,
    args: [request],
    // Whoever knows only the id of a run learns from it what was asked for.
    memo: { request },
    staticSummary: `${request.spec.weights} of ${request.spec.source}`,
  };
}
