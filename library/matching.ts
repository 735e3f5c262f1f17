import type { PairRow } from '../artifacts/tables/pairs';
import type { Certificate } from '../matching/certificate';
import type { Metric, PartWeights, WeightMode } from '../matching/features';
import type { SaeOrigin } from './sae';

/** What was compared, and how. Named as in specifications and manifests; what was not asked for is absent. */
export interface MatchedOptions {
  readonly weights: WeightMode;
  readonly metric?: Exclude<Metric, 'mse'>;
  readonly part_weights?: PartWeights;
  readonly fold: boolean;
  readonly degenerate: 'exclude' | 'error';
  /** The kind of scale that was folded in. */
  readonly scale?: string;
  readonly unmatched?: number;
}

/**
 * A certified optimal matching of two SAEs. Arrays have an element for each source feature `[sources]` or each target feature
 * `[targets]`; −1 stands for "none" in index arrays and NaN in number arrays.
 */
export interface Matching {
  readonly source: SaeOrigin;
  readonly target: SaeOrigin;
  readonly options: MatchedOptions;
  /** Source feature i is matched with target feature `targetFeature[i]`. `[sources]` */
  readonly targetFeature: Int32Array;
  /** Target feature j is matched with source feature `sourceFeature[j]`: the inverse. `[targets]` */
  readonly sourceFeature: Int32Array;
  /** Squared Euclidean distance of the two feature vectors over the chosen, weighted parts, float64. `[sources]` */
  readonly cost: Float64Array;
  /** Cosine of the matched decoder rows; NaN where one is zero. `[sources]` */
  readonly decoderCosine: Float32Array;
  /** Cosine of the matched encoder rows; NaN where one is zero. `[sources]` */
  readonly encoderCosine: Float32Array;
  /** The cheapest target feature if several sources might share one, the lowest on ties. `[sources]` */
  readonly nearestTarget: Int32Array;
  /** What it costs. `[sources]` */
  readonly nearestCost: Float64Array;
  /** 1 where the match is the nearest in both directions, else 0. `[sources]` */
  readonly mutualNearest: Uint8Array;
  /** Cost of the matching, prices of unmatched features included. No matching costs less than `certificate.bound`. */
  readonly objective: number;
  /** Cost of the matched pairs alone. */
  readonly matchedCost: number;
  /** Proof that the matching is optimal, which {@link verify} checks. */
  readonly certificate: Certificate;
  /** Counts, statistics, device and time: the row of `pairs.parquet`. */
  readonly figures: PairRow;
  /** When the matching was begun. */
  readonly started: Date;
}
