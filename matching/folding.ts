import { InputError } from './errors';
import { allocateRows, rowOf, rowsFromArray } from './row-matrix';
import type { FloatArray, RowMatrix } from './row-matrix';
import { scaleRows } from './scale-rows';
import type { ScaleOptions, Scaling } from './scale-rows';

/** Version of the arithmetic of this file; part of the content address of folded layers. */
export const FOLDING_VERSION = 1;

/**
 * Which per-feature scale folding divides out: the JumpReLU threshold, the decoder norm where there is none, or one that
 * is given from outside.
 */
export type Gauge = 'theta' | 'decoder_norm' | 'given';

/** The weights of one layer's SAE as stored, feature-major (structurally a canonical SAE). */
export interface UnfoldedLayer {
  readonly header: { readonly gauge: Gauge };
  /** W_enc `[features, d_in]`. */
  readonly encoder: RowMatrix<FloatArray>;
  /** b_enc `[features]`. */
  readonly encoderBias: Float64Array;
  /** W_dec `[features, d_out]`. */
  readonly decoder: RowMatrix<FloatArray>;
  /** JumpReLU threshold θ `[features]`, or null where the activation has none. */
  readonly threshold: Float64Array | null;
  /** Scale of the features' activations `[features]`, in their units; present where the gauge is `given`. */
  readonly scale?: Float64Array | null;
}

/** The float32 rows that are matched: one row a feature, comparable across layers. */
export interface FoldedLayer {
  readonly features: number;
  /** W_enc' `[features, d_in]`. */
  readonly encoder: RowMatrix;
  /** b_enc' `[features]`. */
  readonly encoderBias: Float32Array;
  /** W_dec' `[features, d_out]`. */
  readonly decoder: RowMatrix;
  /** 1 for features that cannot be folded (θ or a given scale ≤ 0): zero rows, never matched. `[features]` */
  readonly excluded: Uint8Array;
}

/** The two matrices of an SAE. */
export type MatrixName = 'encoder' | 'decoder';
export const MATRICES: readonly MatrixName[] = ['encoder', 'decoder'];

export interface FoldOptions {
  /** False keeps the stored weights, rounded to float32. */
  readonly fold: boolean;
  /** What to do with θ ≤ 0, or a given scale ≤ 0. */
  readonly degenerate: 'exclude' | 'error';
  /** Which matrices are wanted; the others come out with no columns. Default: both. */
  readonly matrices?: readonly MatrixName[];
  /**
   * Whether matrices that are float32 may be folded where they are, so that memory holds them once: the layer must then
   * not be used any more. Default: false.
   */
  readonly reuse?: boolean;
  /** Named in errors. */
  readonly file: string;
}

/**
 * Folds each feature's scale into its weights (SAE Match, arXiv 2410.07656, Eq. 4): W_enc/θ, b_enc/θ, W_dec·θ.
 * Where the SAE has no threshold the scale is 1/‖decoder row‖ (gauge `decoder_norm`): unit decoder rows, encoder row
 * and bias times the norm (a gauge without data), unless a scale is given (gauge `given`): it takes the place of θ. Each
 * value is computed in float64 from the stored weight and rounded once to float32, so the folded rows do not change when a
 * feature of the SAE is rescaled by a power of two, and its given scale with it.
 *
 * Rules: θ or a given scale ≤ 0 excludes the feature (zero rows) or is an error; more than half a layer excluded is
 * always an error. A decoder row of norm 0 under gauge `decoder_norm` gives zero rows and stays in the problem.
 *
 * @throws InputError when one is ≤ 0 and `degenerate` is `error`, or when more than half the features would be excluded.
 */
export function foldLayer(layer: UnfoldedLayer, options: FoldOptions): FoldedLayer {
  const features = layer.decoder.rows;
  const excluded = new Uint8Array(features);
  const scale = featureScale(layer, excluded, options);
  const byNorm = options.fold && layer.header.gauge === 'decoder_norm';
  const encode = byNorm ? 'multiply' : 'divide';
  const decode = byNorm ? 'divide' : 'multiply';
  const bias = rowsFromArray(layer.encoderBias, features, 1);
  const { matrices = MATRICES, reuse = false } = options;
  const none = allocateRows(Float32Array, features, 0);
  const wanted = (name: MatrixName, field: string, scaling: Scaling): RowMatrix =>
    matrices.includes(name)
      ? scaleRows(layer[name], scale, scaling, { reuse, ...refusing(field, options.file) })
      : none;
  return {
    features,
    encoder: wanted('encoder', 'W_enc', encode),
    encoderBias: scaleRows(bias, scale, encode, refusing('b_enc', options.file)).blocks[0] ?? new Float32Array(0),
    decoder: wanted('decoder', 'W_dec', decode),
    excluded,
  };
}

/** The number each feature's rows are multiplied or divided by; 0 marks a feature whose folded rows are zero. */
function featureScale(layer: UnfoldedLayer, excluded: Uint8Array, options: FoldOptions): Float64Array {
  const scale = new Float64Array(layer.decoder.rows).fill(1);
  if (!options.fold) return scale;
  if (layer.header.gauge === 'decoder_norm') {
    for (let i = 0; i < scale.length; i++) scale[i] = norm(rowOf(layer.decoder, i));
    return scale;
  }
  const field = layer.header.gauge === 'given' ? 'scale' : 'threshold';
  const values = layer[field] ?? null;
  if (values === null) throw new InputError(`no ${field} to fold`, { file: options.file, field, found: 'none' });
  scale.set(values);
  markDegenerate(scale, field, excluded, options);
  for (let i = 0; i < scale.length; i++) if (excluded[i] === 1) scale[i] = 0;
  return scale;
}

function markDegenerate(
  scale: Float64Array,
  field: 'threshold' | 'scale',
  excluded: Uint8Array,
  options: FoldOptions
): void {
  let count = 0;
  let first = -1;
  for (let i = 0; i < scale.length; i++) {
    if (scale[i]! > 0) continue;
    excluded[i] = 1;
    count += 1;
    if (first < 0) first = i;
  }
  if (count === 0) return;
  const facts = {
    file: options.file,
    field,
    found: `${count} of ${scale.length} features with a ${field} of 0 or less (first: feature ${first})`,
  };
  if (options.degenerate === 'error') {
    throw new InputError('cannot fold', {
      ...facts,
      expected: `only positive ${field}s`,
      remedy: 'Use --degenerate exclude to leave these features out, or --no-fold.',
    });
  }
  if (count * 2 > scale.length) {
    throw new InputError('more than half of the layer cannot be folded', {
      ...facts,
      expected: 'at most half of the features',
      remedy:
        field === 'scale'
          ? 'Use another --scale, or --no-fold.'
          : 'Use --no-fold, or check that this is a JumpReLU SAE.',
    });
  }
}

function norm(row: FloatArray): number {
  const { length } = row;
  let sum = 0;
  for (let k = 0; k < length; k++) sum += row[k]! * row[k]!;
  return Math.sqrt(sum);
}

function refusing(field: string, file: string): ScaleOptions {
  return {
    onOverflow: (feature) => {
      throw new InputError('a folded weight does not fit float32', {
        file,
        field: `${field}, feature ${feature}`,
        found: 'an infinite or undefined value after folding',
        expected: 'finite values',
        remedy: 'Check the threshold or scale and the weights of this feature, or use --no-fold.',
      });
    },
  };
}
