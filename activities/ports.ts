import type { Info } from '@temporalio/activity';
import type { StoreTraffic } from '../artifacts/store/metered-store';
import type { ObjectStore } from '../artifacts/store/object-store';
import type { AttemptFacts } from './attempt-facts';
import type { PlanningPlace } from './planning/predict-run';
import type { FoldedRead, TaskProgress } from './task-context';
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
  /** Where matches would be computed, and how fast that is, as far as this process knows. */
  readonly planningPlace: () => Promise<PlanningPlace>;
}

export type ActivityOutcome = 'done' | 'failed' | 'cancelled';

/** Told about what activities do; becomes metrics and traces. */
export interface ActivityObserver {
  /** An attempt of an activity began. */
  attemptStarted(info: Info): AttemptObserver;
  /** A layer or pair was found in the store, or had to be computed. */
  artifactLooked(kind: 'folded' | 'matches', hit: boolean): void;
  /** Source bytes that a planned run refers to were read and hashed. */
  inputRead(bytes: number): void;
  foldedRead(read: FoldedRead): void;
  readonly storeTraffic: (traffic: StoreTraffic) => void;
  /** A look of a schedule at its checkpoints succeeded. */
  scheduleLooked(schedule: string): void;
  pairStarted(): PairObserver;
}

/** Told about one attempt of an activity. */
export interface AttemptObserver {
  /** What the observer adds to what is known of the attempt. */
  readonly facts?: AttemptFacts;
  progressed(progress: TaskProgress): void;
  ended(end: AttemptEnd): void;
}

export interface AttemptEnd {
  readonly outcome: ActivityOutcome;
  readonly seconds: number;
  /** What the attempt was about and came to. */
  readonly facts: AttemptFacts;
  /** Why it failed: the class of ours that the error is of, or `other`. Null unless it did. */
  readonly failure: { readonly errorClass: string; readonly message: string } | null;
}

/** Told about one pair of layers that is being matched. */
export interface PairObserver {
  progress(progress: TaskProgress): void;
  ended(outcome: ActivityOutcome, pair: PairFigures | null): void;
}

export interface PairFigures {
  readonly seconds: number;
  readonly matched: number;
  readonly gap: number;
  /** Streaming passes over the similarities. */
  readonly passes: number;
  readonly device: string;
  /** Moves to a smaller tile or another device. */
  readonly fallbacks: number;
}
