import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/**
 * Three layers a < b < c of which all three pairs were matched, as a row of `evaluation/cycles.parquet`: does the way by b
 * lead to where the direct match does?
 */
export interface CycleRow {
  readonly source_layer: number;
  readonly middle_layer: number;
  readonly target_layer: number;
  /** Source features that are matched both ways. */
  readonly features: number;
  /** Share of them with the same target both ways; null where there are none. */
  readonly consistent: number | null;
}

const SCHEMA = {
  name: 'cycles',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('middle_layer', 'int32'),
    required('target_layer', 'int32'),
    required('features', 'int32'),
    nullable('consistent', 'double'),
  ],
} as const;

export function encodeCycles(rows: readonly CycleRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeCycles(bytes: Uint8Array, file?: string): Promise<CycleRow[]> {
  return decodeRows<CycleRow>(SCHEMA, bytes, file);
}
