import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/** One layer, as a row of `evaluation/layers.parquet`. The names are those of the columns, null is null in the file. */
export interface LayerRow {
  readonly layer: number;
  readonly features: number;
  /** Features that cannot be folded. */
  readonly excluded: number;
  /** Thresholds of the features that can be folded; null where the SAE has none. */
  readonly theta_mean: number | null;
  readonly theta_q05: number | null;
  readonly theta_q50: number | null;
  readonly theta_q95: number | null;
  /** Mean norm of the decoder rows as stored. */
  readonly decoder_norm_mean: number;
  /** Mean norm of the folded decoder rows, of the features that can be folded. */
  readonly folded_decoder_norm_mean: number | null;
  /** Mean norm of the encoder rows as stored. */
  readonly encoder_norm_mean: number;
  /** Tokens that the following is said of; null without activations. */
  readonly tokens: number | null;
  readonly documents: number | null;
  /** Mean norm of the hidden states. */
  readonly hidden_norm_mean: number | null;
  /** Mean number of active features a token. */
  readonly l0: number | null;
  /** Features that are active on no token. */
  readonly never_active: number | null;
  /** Of the SAE's own reconstruction, see {@link ReconstructionRow}. */
  readonly explained_variance: number | null;
  readonly explained_variance_elements: number | null;
  readonly explained_variance_dimensions: number | null;
}

const SCHEMA = {
  name: 'layers',
  version: 1,
  columns: [
    required('layer', 'int32'),
    required('features', 'int32'),
    required('excluded', 'int32'),
    nullable('theta_mean', 'double'),
    nullable('theta_q05', 'double'),
    nullable('theta_q50', 'double'),
    nullable('theta_q95', 'double'),
    required('decoder_norm_mean', 'double'),
    nullable('folded_decoder_norm_mean', 'double'),
    required('encoder_norm_mean', 'double'),
    nullable('tokens', 'int32'),
    nullable('documents', 'int32'),
    nullable('hidden_norm_mean', 'double'),
    nullable('l0', 'double'),
    nullable('never_active', 'int32'),
    nullable('explained_variance', 'double'),
    nullable('explained_variance_elements', 'double'),
    nullable('explained_variance_dimensions', 'double'),
  ],
} as const;

export function encodeLayers(rows: readonly LayerRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeLayers(bytes: Uint8Array, file?: string): Promise<LayerRow[]> {
  return decodeRows<LayerRow>(SCHEMA, bytes, file);
}
