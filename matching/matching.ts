import type { Certificate } from './certificate';
import type { TileStorage } from './engine/shared-problem';
import type { MatchCounts, PairStatistics, SolvedStatistics } from './statistics';

/**
 * A certified optimal matching of one layer pair. Arrays over source features have length `sources`, over target
 * features `targets`; −1 stands for "none" in index arrays and NaN in number arrays.
 */
export interface Matching extends SolvedMatching {
  /** Cosine of the matched decoder rows; NaN for zero rows or unmatched. */
  readonly decoderCosine: Float64Array;
  /** Cosine of the matched encoder rows; NaN for zero rows or unmatched. */
  readonly encoderCosine: Float64Array;
  readonly statistics: PairStatistics;
}

/** The part of it that follows from the vectors that were matched. */
export interface SolvedMatching extends MatchWork {
  /** Elements of a vector. */
  readonly elements: number;
  /** target_feature of each source feature: source feature i maps to targetFeature[i]. */
  readonly targetFeature: Int32Array;
  /** source_feature of each target feature. */
  readonly sourceFeature: Int32Array;
  /** Squared distance of each matched pair over the weighted parts, float64. */
  readonly cost: Float64Array;
  /** The cheapest target if sharing were allowed; lowest index on ties; −1 for excluded sources. */
  readonly nearestTarget: Int32Array;
  readonly nearestCost: Float64Array;
  /** 1 where the matched target is nearest to the source and the source nearest to it. */
  readonly mutualNearest: Uint8Array;
  readonly certificate: Certificate;
  readonly objective: number;
  readonly matchedCost: number;
  readonly counts: MatchCounts;
  readonly statistics: SolvedStatistics;
}

/** How a matching was worked out; nothing of it changes the result. */
export interface MatchWork {
  /** Streaming passes over the similarities. */
  readonly passes: number;
  readonly device: string;
  /** Times the work moved to a smaller tile or another device. */
  readonly fallbacks: number;
  /** What was kept of the similarities between passes. */
  readonly storage: TileStorage;
  /** Multiply-adds of the similarity tiles that were computed, repeated ones included. */
  readonly multiplyAdds: number;
  /** Time of the sparse assignment problems, null when nobody lent a clock. */
  readonly solverSeconds: number | null;
}
