import type { PairRow } from './pairs';
import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/**
 * One layer as a row of `drift.parquet`: how it differs from the same layer of the previous checkpoint. The names are those
 * of the columns, null is null in the file; what a failed layer has none of is null.
 */
export interface DriftRow extends Pick<
  PairRow,
  | 'status'
  | 'error'
  | 'mse_mean'
  | 'objective'
  | 'matched_cost'
  | 'dual_bound'
  | 'gap'
  | 'passes'
  | 'device'
  | 'fallbacks'
  | 'seconds'
> {
  readonly layer: number;
  /** Number of features of the previous checkpoint, dead and excluded ones included. */
  readonly previous_features: number | null;
  /** The same of the current checkpoint. */
  readonly features: number | null;
  /** Matched features with a decoder cosine of at least the threshold. */
  readonly kept: number | null;
  /** Matched features with a smaller decoder cosine. */
  readonly changed: number | null;
  /** Features of the current checkpoint without a partner. */
  readonly born: number | null;
  /** Features of the previous checkpoint without a partner. */
  readonly died: number | null;
  /** Features with a decoder row of zeros. */
  readonly dead_previous: number | null;
  readonly dead: number | null;
  /** Features left out because they cannot be folded. */
  readonly excluded_previous: number | null;
  readonly excluded: number | null;
  /** Quantiles of the matches' decoder cosine. */
  readonly cosine_q05: number | null;
  readonly cosine_q50: number | null;
  readonly cosine_q95: number | null;
}

const SCHEMA = {
  name: 'drift',
  version: 1,
  columns: [
    required('layer', 'int32'),
    required('status', 'string'),
    nullable('error', 'string'),
    nullable('previous_features', 'int32'),
    nullable('features', 'int32'),
    nullable('kept', 'int32'),
    nullable('changed', 'int32'),
    nullable('born', 'int32'),
    nullable('died', 'int32'),
    nullable('dead_previous', 'int32'),
    nullable('dead', 'int32'),
    nullable('excluded_previous', 'int32'),
    nullable('excluded', 'int32'),
    nullable('cosine_q05', 'double'),
    nullable('cosine_q50', 'double'),
    nullable('cosine_q95', 'double'),
    nullable('mse_mean', 'double'),
    nullable('objective', 'double'),
    nullable('matched_cost', 'double'),
    nullable('dual_bound', 'double'),
    nullable('gap', 'double'),
    nullable('passes', 'int32'),
    nullable('device', 'string'),
    nullable('fallbacks', 'int32'),
    nullable('seconds', 'double'),
  ],
} as const;

/** `drift.parquet`, one row a layer, in the order given. */
export function encodeDrift(rows: readonly DriftRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/**
 * Reads `drift.parquet`.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table
 */
export function decodeDrift(bytes: Uint8Array, file?: string): Promise<DriftRow[]> {
  return decodeRows<DriftRow>(SCHEMA, bytes, file);
}
