import { decodeRows, encodeRows } from './rows';
import { required } from './table';
import type { TableMetadata } from './table';

/**
 * One bar of a histogram of the folded decoder MSE of features and the targets of one method, as a row of
 * `evaluation/histograms.parquet` (SAE Match, arXiv 2410.07656, Fig. 5). The bars of a pair are the same for all methods.
 */
export interface HistogramRow {
  readonly source_layer: number;
  readonly target_layer: number;
  readonly method: string;
  /** Features with low ≤ MSE < high; the last bar has its upper end as well. */
  readonly low: number;
  readonly high: number;
  readonly features: number;
}

const SCHEMA = {
  name: 'histograms',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('target_layer', 'int32'),
    required('method', 'string'),
    required('low', 'double'),
    required('high', 'double'),
    required('features', 'int32'),
  ],
} as const;

export function encodeHistograms(rows: readonly HistogramRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeHistograms(bytes: Uint8Array, file?: string): Promise<HistogramRow[]> {
  return decodeRows<HistogramRow>(SCHEMA, bytes, file);
}
