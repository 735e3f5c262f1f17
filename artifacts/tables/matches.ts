import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import { checkRowNumbers } from './row-numbers';
import { nullable, required, type TableMetadata } from './table';

/** The matches of one pair of layers: element i of every array is about source feature i. */
export interface MatchTable {
  /** Null when unknown. */
  readonly sourceLayer: number | null;
  readonly targetLayer: number | null;
  /** Feature of the target layer that source feature i is matched with `[source features]`; -1 where unmatched. */
  readonly targetFeature: Int32Array;
  /** Squared Euclidean distance of the two feature vectors over the chosen, weighted parts; NaN where unmatched. */
  readonly cost: Float64Array;
  /** `cost` divided by the number of elements of a feature vector; NaN where unmatched. */
  readonly mse: Float64Array;
  /** Cosine of the two decoder rows; NaN where unmatched or a row is zero. */
  readonly decoderCosine: Float32Array;
  /** Cosine of the two encoder rows; NaN where unmatched or a row is zero. */
  readonly encoderCosine: Float32Array;
  /** The best target feature if several sources might share one; -1 where there is none. */
  readonly nearestTarget: Int32Array;
  /** Cost of `nearestTarget`; NaN where there is none. */
  readonly nearestCost: Float64Array;
  /** 1 where the match is the nearest in both directions, else 0. */
  readonly mutualNearest: Uint8Array;
}

const SCHEMA = {
  name: 'matches',
  version: 1,
  columns: [
    nullable('source_layer', 'int32'),
    nullable('target_layer', 'int32'),
    required('source_feature', 'int32'),
    nullable('target_feature', 'int32'),
    nullable('cost', 'double'),
    nullable('mse', 'double'),
    nullable('decoder_cosine', 'float'),
    nullable('encoder_cosine', 'float'),
    nullable('nearest_target', 'int32'),
    nullable('nearest_cost', 'double'),
    required('mutual_nearest', 'boolean'),
  ],
} as const;

/** `matches.parquet`: one row a source feature, in their order. */
export function encodeMatches(table: MatchTable, metadata: TableMetadata): Uint8Array {
  const rows = table.targetFeature.length;
  const data = {
    source_layer: new Int32Array(rows).fill(table.sourceLayer ?? -1),
    target_layer: new Int32Array(rows).fill(table.targetLayer ?? -1),
    source_feature: Int32Array.from({ length: rows }, (_, feature) => feature),
    target_feature: table.targetFeature,
    cost: table.cost,
    mse: table.mse,
    decoder_cosine: table.decoderCosine,
    encoder_cosine: table.encoderCosine,
    nearest_target: table.nearestTarget,
    nearest_cost: table.nearestCost,
    mutual_nearest: table.mutualNearest,
  };
  return encodeTable(SCHEMA, data, metadata);
}

/**
 * Reads `matches.parquet`.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table or its rows are not features 0, 1, 2, ... in order
 */
export async function decodeMatches(bytes: Uint8Array, file?: string): Promise<MatchTable> {
  const { columns } = await decodeTable(SCHEMA, bytes, file);
  checkRowNumbers(columns.source_feature, 'source_feature', file ?? SCHEMA.name);
  return {
    sourceLayer: layerOf(columns.source_layer),
    targetLayer: layerOf(columns.target_layer),
    targetFeature: columns.target_feature,
    cost: columns.cost,
    mse: columns.mse,
    decoderCosine: columns.decoder_cosine,
    encoderCosine: columns.encoder_cosine,
    nearestTarget: columns.nearest_target,
    nearestCost: columns.nearest_cost,
    mutualNearest: columns.mutual_nearest,
  };
}

function layerOf(layers: Int32Array): number | null {
  const layer = layers[0] ?? -1;
  return layer === -1 ? null : layer;
}
