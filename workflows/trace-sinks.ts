import type { Sinks } from '@temporalio/workflow';

/** How an execution of a workflow ended. */
export interface WorkflowEnd {
  readonly outcome: 'done' | 'failed' | 'cancelled';
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** Why it failed. */
  readonly error: string | null;
}

/** Where workflows tell the worker what becomes a span; nothing of it is in their histories. */
export interface TraceSinks extends Sinks {
  readonly traces: { workflowEnded(end: WorkflowEnd): void };
}
