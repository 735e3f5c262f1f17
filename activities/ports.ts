import type { ObjectStore } from '../artifacts/store/object-store';
import type { RunTaskOptions } from './thread/run-task';
import type { TaskInput, TaskName, TaskResult } from './thread/tasks';

/** What activities need from the outside; the worker process injects it. */
export interface ActivityPorts {
  readonly openStore: (location: string) => ObjectStore;
  /** Runs heavy work off the event loop. */
  readonly runTask: <N extends TaskName>(
    name: N,
    input: TaskInput<N>,
    options: RunTaskOptions
  ) => Promise<TaskResult<N>>;
  readonly now: () => Date;
  readonly observer: ActivityObserver;
}

/** Told about what activities did; becomes metrics. */
export interface ActivityObserver {
  /** An activity ended after `seconds`. */
  activityEnded(activity: string, outcome: 'done' | 'failed' | 'cancelled', seconds: number): void;
  /** A layer or pair was found in the store, or had to be computed. */
  artifactLooked(kind: 'folded' | 'matches', hit: boolean): void;
  /** Source bytes that a planned run refers to were read and hashed. */
  inputRead(bytes: number): void;
  pairStarted(): void;
  pairEnded(outcome: 'done' | 'failed' | 'cancelled', pair: PairFigures | null): void;
}

export interface PairFigures {
  readonly seconds: number;
  readonly matched: number;
  readonly gap: number;
  readonly device: string;
}
