import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/** `done`, or `failed` with an error; what could not be computed is null. */
export type PairStatus = 'done' | 'failed';

/** One pair of layers as a row of `pairs.parquet`; the names are those of the columns, null is null in the file. */
export interface PairRow {
  readonly source_layer: number | null;
  readonly target_layer: number | null;
  /** Number of features of the source layer, excluded ones included. */
  readonly source_features: number | null;
  readonly target_features: number | null;
  readonly status: PairStatus;
  /** Why the pair failed. */
  readonly error: string | null;
  /** Cost of the matching, prices paid for unmatched features included. */
  readonly objective: number | null;
  /** Cost of the matched pairs alone. */
  readonly matched_cost: number | null;
  /** Lower bound on the objective of every matching, from the duals. */
  readonly dual_bound: number | null;
  /** `objective` minus `dual_bound`. */
  readonly gap: number | null;
  /** Number of matched pairs of features. */
  readonly matched: number | null;
  /** Number of matches that are nearest neighbours in both directions. */
  readonly mutual_nearest: number | null;
  /** Number of features left out because they cannot be folded. */
  readonly excluded_source: number | null;
  readonly excluded_target: number | null;
  /** Mean and quantiles of the matches' mse. */
  readonly mse_mean: number | null;
  readonly mse_q05: number | null;
  readonly mse_q50: number | null;
  readonly mse_q95: number | null;
  /** Quantiles of the matches' decoder cosine. */
  readonly cosine_q05: number | null;
  readonly cosine_q50: number | null;
  readonly cosine_q95: number | null;
  /** Shares of the parts in `matched_cost`. */
  readonly share_decoder: number | null;
  readonly share_encoder: number | null;
  readonly share_bias: number | null;
  /** Mean squared error of the folded parts over the matches, whatever was matched on. */
  readonly folded_mse_decoder: number | null;
  readonly folded_mse_encoder: number | null;
  readonly folded_mse_bias: number | null;
  /** Share of features for which the matches composed over the layers between give the same target. */
  readonly composed_agreement: number | null;
  /** Cost of the composed matches beyond that of these. */
  readonly composed_extra_cost: number | null;
  /** Streaming passes over the similarities. */
  readonly passes: number | null;
  readonly device: string | null;
  /** How often the work moved to a smaller tile or another device. */
  readonly fallbacks: number | null;
  readonly seconds: number | null;
}

const SCHEMA = {
  name: 'pairs',
  version: 1,
  columns: [
    nullable('source_layer', 'int32'),
    nullable('target_layer', 'int32'),
    nullable('source_features', 'int32'),
    nullable('target_features', 'int32'),
    required('status', 'string'),
    nullable('error', 'string'),
    nullable('objective', 'double'),
    nullable('matched_cost', 'double'),
    nullable('dual_bound', 'double'),
    nullable('gap', 'double'),
    nullable('matched', 'int32'),
    nullable('mutual_nearest', 'int32'),
    nullable('excluded_source', 'int32'),
    nullable('excluded_target', 'int32'),
    nullable('mse_mean', 'double'),
    nullable('mse_q05', 'double'),
    nullable('mse_q50', 'double'),
    nullable('mse_q95', 'double'),
    nullable('cosine_q05', 'double'),
    nullable('cosine_q50', 'double'),
    nullable('cosine_q95', 'double'),
    nullable('share_decoder', 'double'),
    nullable('share_encoder', 'double'),
    nullable('share_bias', 'double'),
    nullable('folded_mse_decoder', 'double'),
    nullable('folded_mse_encoder', 'double'),
    nullable('folded_mse_bias', 'double'),
    nullable('composed_agreement', 'double'),
    nullable('composed_extra_cost', 'double'),
    nullable('passes', 'int32'),
    nullable('device', 'string'),
    nullable('fallbacks', 'int32'),
    nullable('seconds', 'double'),
  ],
} as const;

/** `pairs.parquet`, one row a pair, in the order given. */
export function encodePairs(rows: readonly PairRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/**
 * Reads `pairs.parquet`.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table
 */
export function decodePairs(bytes: Uint8Array, file?: string): Promise<PairRow[]> {
  return decodeRows<PairRow>(SCHEMA, bytes, file);
}
