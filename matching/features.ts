import { InputError, UsageError } from './errors';
import { MATRICES } from './folding';
import type { FoldedLayer, MatrixName } from './folding';
import { rowOf, rowsFromArray } from './row-matrix';
import type { RowMatrix } from './row-matrix';
import { unitVectors } from './unit-vectors';

/** Which parts of a feature's weights are compared. */
export type WeightMode = 'decoder' | 'encoder' | 'decoder+encoder' | 'all';
export const WEIGHT_MODES: readonly WeightMode[] = ['decoder', 'encoder', 'decoder+encoder', 'all'];

export type PartName = 'decoder' | 'encoder' | 'bias';

/** What is made small: the squared distance of the vectors as they are, or of the vectors scaled to unit length. */
export type Metric = 'mse' | 'cosine';
export const METRICS: readonly Metric[] = ['mse', 'cosine'];

/** Weights of the parts' squared distances. A part that is not named has weight 1; one of weight 0 is left out. */
export type PartWeights = Readonly<Partial<Record<PartName, number>>>;

/** How the parts of a mode become vectors; named as in a run's specification. */
export interface VectorOptions {
  /** Default: `mse`. */
  readonly metric?: Metric;
  readonly part_weights?: PartWeights;
}

/** One part of the feature vectors: `[features, width]` float32 rows and the weight of its squared distances. */
export interface FeaturePart {
  readonly name: PartName;
  readonly weight: number;
  readonly rows: RowMatrix;
}

/**
 * The feature vectors of one layer: the concatenation of its parts, always in the order decoder, encoder, bias. Every
 * sum over a vector runs over the parts in that order and over the elements of a part in ascending order.
 */
export interface Features {
  readonly count: number;
  readonly parts: readonly FeaturePart[];
  /** 1 for features that take no part in the matching. `[count]` */
  readonly excluded: Uint8Array;
}

/** The parts of each mode, in their order. */
export const PARTS_OF_MODE: Readonly<Record<WeightMode, readonly PartName[]>> = {
  decoder: ['decoder'],
  encoder: ['encoder'],
  'decoder+encoder': ['decoder', 'encoder'],
  all: ['decoder', 'encoder', 'bias'],
};

/** The matrices that the vectors of a mode are made of. */
export function matricesOf(mode: WeightMode): readonly MatrixName[] {
  return MATRICES.filter((name) => PARTS_OF_MODE[mode].includes(name));
}

/**
 * Selects the parts of a mode from a folded layer; parts of weight 0 are no part of the vectors. With the metric `cosine`
 * the vectors are scaled to unit length, see {@link unitVectors}. b_dec is never part of a feature.
 */
export function featuresOf(layer: FoldedLayer, mode: WeightMode, options: VectorOptions = {}): Features {
  const rows: Record<PartName, RowMatrix> = {
    decoder: layer.decoder,
    encoder: layer.encoder,
    bias: rowsFromArray(layer.encoderBias, layer.features, 1),
  };
  const parts = PARTS_OF_MODE[mode]
    .map((name) => ({ name, weight: options.part_weights?.[name] ?? 1, rows: rows[name] }))
    .filter(({ weight }) => weight !== 0);
  const features = { count: layer.features, parts, excluded: layer.excluded };
  return options.metric === 'cosine' ? unitVectors(features, squaredNorms(features)) : features;
}

/** Number of elements of one feature vector. */
export function vectorLength(features: Features): number {
  return features.parts.reduce((sum, part) => sum + part.rows.columns, 0);
}

/** Checks a string for being a weight mode. @throws UsageError */
export function parseWeightMode(text: string): WeightMode {
  const mode = WEIGHT_MODES.find((candidate) => candidate === text);
  if (mode !== undefined) return mode;
  throw new UsageError('unknown weights', { field: '--weights', found: text, expected: WEIGHT_MODES.join(' | ') });
}

/** @throws InputError when two layers' vectors cannot be compared element by element. */
export function checkComparable(source: Features, target: Features): void {
  source.parts.forEach((part, index) => {
    const other = target.parts[index]!;
    if (part.name === other.name && part.rows.columns === other.rows.columns) return;
    throw new InputError('the two SAEs live in spaces of different size', {
      field: `${part.name} rows`,
      found: `${part.rows.columns} elements in the source layer, ${other.rows.columns} in the target layer`,
      expected: 'the same number of elements in both',
      remedy: 'Match SAEs of the same model and the same kind of hook point.',
    });
  });
}

/** Squared norm ‖a_i‖² of every feature vector, parts weighted, float64. `[count]` */
export function squaredNorms(features: Features): Float64Array {
  const result = new Float64Array(features.count);
  for (const { rows, weight } of features.parts) {
    for (let i = 0; i < features.count; i++) {
      const row = rowOf(rows, i);
      let sum = 0;
      for (const value of row) sum += value * value;
      result[i] = result[i]! + weight * sum;
    }
  }
  return result;
}

/** Squared distance ‖a_i − b_j‖² of one part (unweighted), float64, elements in ascending order. */
export function partDistance(source: FeaturePart, target: FeaturePart, i: number, j: number): number {
  const a = rowOf(source.rows, i);
  const b = rowOf(target.rows, j);
  let sum = 0;
  for (let k = 0; k < a.length; k++) {
    const difference = a[k]! - b[k]!;
    sum += difference * difference;
  }
  return sum;
}

/** cost(i, j) = Σ_parts weight · ‖a_i − b_j‖² in float64. */
export function pairCost(source: Features, target: Features, i: number, j: number): number {
  return source.parts.reduce(
    (sum, part, index) => sum + part.weight * partDistance(part, target.parts[index]!, i, j),
    0
  );
}

/** Cosine of two rows in float64; NaN when either row is zero. */
export function rowCosine(source: RowMatrix, target: RowMatrix, i: number, j: number): number {
  const a = rowOf(source, i);
  const b = rowOf(target, j);
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let k = 0; k < a.length; k++) {
    dot += a[k]! * b[k]!;
    aa += a[k]! * a[k]!;
    bb += b[k]! * b[k]!;
  }
  return aa === 0 || bb === 0 ? NaN : dot / (Math.sqrt(aa) * Math.sqrt(bb));
}
