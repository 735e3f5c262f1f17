import type { RunExecution } from './run-types';

/** Where the records of a schedule are. */
export interface ScheduleRef {
  /** Output folder or URL of its runs. */
  readonly out: string;
  readonly name: string;
}

/** Input of the checkpoint-watch workflow. */
export interface WatchRequest {
  readonly schedule: ScheduleRef;
  /** A checkpoint without marker is complete when it has not changed for so long; null where a marker says it. */
  readonly settleSeconds: number | null;
  /** Of the runs that are started. */
  readonly execution: RunExecution;
}

/** What one workflow that looks at the checkpoints has started. */
export interface WatchOutcome {
  readonly started: readonly string[];
  /** Checkpoints that are not complete yet. */
  readonly waiting: readonly string[];
}
