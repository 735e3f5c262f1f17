import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/**
 * One method of choosing targets for one pair of layers, as a row of `evaluation/methods.parquet`. The names are those of the
 * columns, null is null in the file.
 */
export interface MethodRow {
  readonly source_layer: number;
  readonly target_layer: number;
  readonly method: string;
  /** Number of source features with a target. */
  readonly features: number;
  /** Number of targets chosen at least once. */
  readonly distinct_targets: number;
  /** Mean cost of what was chosen, of the vectors that the run matches on. */
  readonly cost_mean: number | null;
  /** Mean squared difference of the folded rows, over what was chosen. */
  readonly folded_mse_decoder: number | null;
  readonly folded_mse_encoder: number | null;
  readonly folded_mse_bias: number | null;
  /** Mean norm of the difference of the folded decoder rows, over what was chosen. */
  readonly decoder_difference_norm_mean: number | null;
  /** Quantiles of the decoder cosine of what was chosen. */
  readonly cosine_q05: number | null;
  readonly cosine_q50: number | null;
  readonly cosine_q95: number | null;
}

const SCHEMA = {
  name: 'methods',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('target_layer', 'int32'),
    required('method', 'string'),
    required('features', 'int32'),
    required('distinct_targets', 'int32'),
    nullable('cost_mean', 'double'),
    nullable('folded_mse_decoder', 'double'),
    nullable('folded_mse_encoder', 'double'),
    nullable('folded_mse_bias', 'double'),
    nullable('decoder_difference_norm_mean', 'double'),
    nullable('cosine_q05', 'double'),
    nullable('cosine_q50', 'double'),
    nullable('cosine_q95', 'double'),
  ],
} as const;

export function encodeMethods(rows: readonly MethodRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeMethods(bytes: Uint8Array, file?: string): Promise<MethodRow[]> {
  return decodeRows<MethodRow>(SCHEMA, bytes, file);
}
