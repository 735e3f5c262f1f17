import type { SharedProblem, TileArithmetic, TileStorage } from './engine/shared-problem';
import type { SimilarityStore } from './engine/similarity-store';
import type { StepResult, TileStep } from './engine/tile-worker';

/** Arithmetic of similarity tiles on one device (see kernels/). */
export interface TileKernel {
  /** Name of the device that computes, for example `javascript` or `cpu`. */
  readonly device: string;
  /** Loads the encoded columns of a problem. */
  open(problem: SharedProblem): Promise<TileProduct>;
}

/** The product of encoded rows with all columns of a problem; every product overwrites the one before. */
export interface TileProduct {
  /** Values t_ij `[tileRows, paddedColumns]`, row-major. */
  readonly values: Float32Array;
  /** Largest value of each block of columns `[tileRows, blocks]`. */
  readonly blockLargest: Float32Array;
  /** The values in half precision (bits); null unless the problem stores halves. */
  readonly halves: Uint16Array | null;
  /** Multiplies the codes of `tileRows` rows `[tileRows, width]`. */
  multiply(codes: Float32Array | Uint8Array): Promise<void>;
  close(): void;
}

/**
 * Asked several times a second while workers carry out a step.
 *
 * @param rows rows done since the step began
 * @returns whether to pause before the next tile
 */
export type StepWatch = (rows: number) => boolean;

/** A group of workers that share one problem, each with a kernel of its own. */
export interface TileWorkers {
  /**
   * Carries out a step on all workers; resolves to what each contributes, once all have paused or there is nothing left
   * to take.
   *
   * @throws DeviceError when a device fails; all workers have paused by then
   */
  run(step: TileStep, watch: StepWatch): Promise<readonly StepResult[]>;
  close(): Promise<void>;
}

/** A device with what the engine has to know to plan for it. */
export interface TileDevice {
  /** For example `javascript`, `cpu` or `cuda`. */
  readonly name: string;
  /** How it computes a problem of this size. */
  arithmeticFor(rows: number, columns: number, width: number): TileArithmetic;
  /** Bytes that its workers need beyond the shared problem. */
  workerBytes(shape: {
    readonly codes: number;
    readonly tile: number;
    readonly arithmetic: TileArithmetic;
    readonly storage: TileStorage;
  }): number;
  open(problem: SharedProblem, store: SimilarityStore | null): Promise<TileWorkers>;
}

/** Provides the devices of a problem. */
export interface TilePort {
  /** The devices for a problem of this size, at least one: where one fails, the next takes over. */
  devicesFor(rows: number, columns: number, width: number): readonly TileDevice[];
}

/** How far a matching is. */
export interface MatchProgress {
  readonly phase: 'candidates' | 'pricing' | 'assignment' | 'certificate';
  readonly done: number;
  readonly total: number;
  /** Objective − bound so far, null until a bound exists. */
  readonly gap: number | null;
}

/** What the engine needs from the outside. */
export interface MatchPorts {
  readonly tiles: TilePort;
  /** Called between tiles, at most a few times a second of work. */
  readonly onProgress?: (progress: MatchProgress) => void;
  /** Called between tiles; throws CancelledError to stop. */
  readonly throwIfCancelled?: () => void;
  /** Told how a pair is computed within the memory there is, and why, in a sentence. */
  readonly onPlan?: (storage: TileStorage, reason: string) => void;
  /** Told when work moves to a smaller tile or another device. */
  readonly onFallback?: (from: string, to: string) => void;
  readonly checkpoint?: CheckpointPort;
  /** Milliseconds of a clock, for the figures about the solver. */
  readonly now?: () => number;
}

/** Where a long match leaves its state, so that the next attempt at the same match goes on from there. */
export interface CheckpointPort {
  /** What the last attempt left; null when there is nothing usable. */
  load(): Promise<Uint8Array | null>;
  /** Whether enough was done since the last time for it to be worth saving. */
  isDue(): boolean;
  /** Replaces what was left before; the chunks are its content in order. */
  save(chunks: readonly Uint8Array[]): Promise<void>;
}
