import type { ObservedRun } from '../observe-run';
import type { Fault } from './fault-log';
import type { Pace } from './pace';

/** A run that is watched. */
export interface WatchedRun {
  readonly runId: string;
  /** Null where they are not known. */
  readonly source: string | null;
  readonly out: string | null;
  readonly started: Date;
}

/** Everything that is shown of a run at one moment. */
export interface RunView extends WatchedRun, ObservedRun {
  readonly now: Date;
  /** False while the server does not answer; the rest is then what it said last. */
  readonly reachable: boolean;
  readonly pace: Pace | null;
  /** Latest first. */
  readonly faults: readonly Fault[];
}
