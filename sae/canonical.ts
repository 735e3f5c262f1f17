import type { Gauge } from '../matching/folding';
import type { FloatArray, RowMatrix } from '../matching/row-matrix';

export type { Gauge };

/** How an SAE gates its features. */
export type Activation = 'jumprelu' | 'relu' | 'topk' | 'groupmax' | 'batchtopk' | 'gated';
export const ACTIVATIONS: readonly Activation[] = ['jumprelu', 'relu', 'topk', 'groupmax', 'batchtopk', 'gated'];

/** What the headers of an SAE's files say; known without reading any weight. */
export interface SaeHeader {
  /** Name of the reader, for example `gemma-scope` or `saelens`. */
  readonly format: string;
  /** Path of the SAE's folder or file, relative to its source when it has one. */
  readonly path: string;
  readonly layer: number | null;
  readonly hook: string | null;
  /** Number of features F. */
  readonly features: number;
  readonly dIn: number;
  readonly dOut: number;
  /** dtype of the stored matrices, for example `float16`. */
  readonly dtype: string;
  readonly activation: Activation;
  readonly k: number | null;
  readonly gauge: Gauge;
  /** The input normalisation the format declares, `none` where there is nothing to undo. */
  readonly inputNorm: string;
  /** Bytes of all files that hold weights. */
  readonly bytes: number;
  /** Choices the reader made that a user should know. */
  readonly notes: readonly string[];
}

/**
 * One SAE in canonical form: feature-major rows, raw activation units, b_dec subtraction and input scales already
 * folded in. Values are the stored weights without any rounding in between (float16, bfloat16 and float32 weights are
 * exact in Float32Array; float64 weights and derived vectors are Float64Array).
 */
export interface CanonicalSae {
  readonly header: SaeHeader;
  /** W_enc `[features, dIn]`. */
  readonly encoder: RowMatrix<FloatArray>;
  /** b_enc `[features]`, already corrected for a subtracted b_dec. */
  readonly encoderBias: Float64Array;
  /** W_dec `[features, dOut]`. */
  readonly decoder: RowMatrix<FloatArray>;
  /** b_dec `[dOut]`. */
  readonly decoderBias: Float64Array;
  /** JumpReLU threshold `[features]`; 0 for ReLU; null where the activation has none (TopK). */
  readonly threshold: Float64Array | null;
  /** Scale of the activations `[features]`, 0 where there is none; present where the gauge is `given`. */
  readonly scale?: Float64Array | null;
  /** TopK takes the features whose activation times this is largest `[features]`; null where it ranks activations. */
  readonly selectScale: Float64Array | null;
  /** Added to the output as `skip·x` `[dOut, dIn]`; null where there is none. It is no part of a feature. */
  readonly skip: RowMatrix<FloatArray> | null;
  /** Present where encoders of other SAEs decide with this one which features are active: it computes nothing alone. */
  readonly jointEncoder?: true;
}
