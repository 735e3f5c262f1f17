import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/**
 * How well one estimate explains the hidden states of a target layer, as a row of `evaluation/reconstructions.parquet`. The
 * names are those of the columns, null is null in the file. See `ExplainedVariance`.
 */
export interface ReconstructionRow {
  readonly source_layer: number;
  readonly target_layer: number;
  /** A method, `composed`, `encode_decode_current`, `encode_decode_previous` or `copy`. */
  readonly estimate: string;
  /** `plain` or `folded`; null where no features are carried over. */
  readonly decoding: string | null;
  /** Share of the matched features, best first, that go to their targets; null where it is not about that. */
  readonly quantile: number | null;
  readonly tokens: number;
  readonly documents: number;
  /** Mean number of active features a token. */
  readonly source_l0: number;
  readonly target_l0: number;
  /** Mean norm of the difference of the two hidden states. */
  readonly hidden_difference_norm_mean: number;
  readonly explained_variance: number | null;
  /** The middle 95 % of it over samples of the documents. */
  readonly explained_variance_low: number | null;
  readonly explained_variance_high: number | null;
  readonly explained_variance_elements: number | null;
  readonly explained_variance_dimensions: number | null;
}

const SCHEMA = {
  name: 'reconstructions',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('target_layer', 'int32'),
    required('estimate', 'string'),
    nullable('decoding', 'string'),
    nullable('quantile', 'double'),
    required('tokens', 'int32'),
    required('documents', 'int32'),
    required('source_l0', 'double'),
    required('target_l0', 'double'),
    required('hidden_difference_norm_mean', 'double'),
    nullable('explained_variance', 'double'),
    nullable('explained_variance_low', 'double'),
    nullable('explained_variance_high', 'double'),
    nullable('explained_variance_elements', 'double'),
    nullable('explained_variance_dimensions', 'double'),
  ],
} as const;

export function encodeReconstructions(rows: readonly ReconstructionRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeReconstructions(bytes: Uint8Array, file?: string): Promise<ReconstructionRow[]> {
  return decodeRows<ReconstructionRow>(SCHEMA, bytes, file);
}
