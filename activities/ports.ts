import type { StoreTraffic } from '../artifacts/store/metered-store';
import type { ObjectStore } from '../artifacts/store/object-store';
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

/** Told about what activities did; becomes metrics. */
export interface ActivityObserver {
  /** An attempt of an activity ended after `seconds`. */
  activityEnded(activity: string, outcome: ActivityOutcome, seconds: number): void;
  /** One failed with an error of a class of ours, or `other`. */
  activityFailed(activity: string, type: string): void;
  /** One began that is not the first. */
  activityRetried(activity: string): void;
  /** Some work reported that it goes on. */
  progressed(): void;
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

/** Told about one pair of layers that is being matched. */
export interface PairObserver {
  progress(progress: TaskProgress): void;
  ended(outcome: ActivityOutcome, pair: PairFigures | null): void;
}

export interface PairFigures {
  readonly seconds: number;
  readonly matched: number;
  readonly gap: number;
  readonly device: string;
  /** Moves to a smaller tile or another device. */
  readonly fallbacks: number;
}
