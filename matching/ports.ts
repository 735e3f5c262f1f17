import type { Features } from './features';
import type { RowMatrix } from './row-matrix';

/**
 * Arithmetic of similarity tiles. An adapter (kernels/) binds a target layer once and then computes blocks of
 * S = A·Bᵀ, rows of the source against all target features.
 */
export interface TileKernel {
  /** Name of the device that ran, for example `javascript`. */
  readonly device: string;
  /**
   * Similarities s_ij = Σ_parts weight · <a_i, b_j> of source features `first … first + count − 1` with every target
   * feature, float64 `[count, target.count]` row-major into `out`. Each sum runs over the parts in order and the
   * elements in ascending order, one accumulator, so that the result is the same bits on every machine.
   */
  similarities(source: Features, target: Features, first: number, count: number, out: Float64Array): void;
}

/** How far a matching is. */
export interface MatchProgress {
  readonly phase: 'similarities' | 'assignment' | 'certificate';
  readonly done: number;
  readonly total: number;
  /** Objective − bound so far, null until a bound exists. */
  readonly gap: number | null;
}

/** What the engine needs from the outside. */
export interface MatchPorts {
  readonly kernel: TileKernel;
  /** Called between tiles, at most a few times a second of work. */
  readonly onProgress?: (progress: MatchProgress) => void;
  /** Called between tiles; throws CancelledError to stop. */
  readonly throwIfCancelled?: () => void;
}

/** Dense similarities `[source.count, target.count]`. */
export type SimilarityMatrix = RowMatrix<Float64Array>;
