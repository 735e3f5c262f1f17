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

/** A group of workers that share one problem, each with a kernel of its own. */
export interface TileWorkers {
  readonly device: string;
  /**
   * Carries out a step on all workers; resolves to what each contributes.
   *
   * @param onRows told now and then how many rows are done
   * @throws CancelledError when the caller stops the work
   */
  run(step: TileStep, onRows?: (done: number) => void): Promise<readonly StepResult[]>;
  close(): Promise<void>;
}

/** Provides the workers of a problem. */
export interface TilePort {
  /** How the devices of this port compute a problem of this size. */
  arithmeticFor(rows: number, columns: number, width: number): TileArithmetic;
  /** Bytes that the workers need beyond the shared problem. */
  workerBytes(shape: {
    readonly codes: number;
    readonly tile: number;
    readonly arithmetic: TileArithmetic;
    readonly storage: TileStorage;
  }): number;
  open(problem: SharedProblem, store: SimilarityStore | null): Promise<TileWorkers>;
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
}
