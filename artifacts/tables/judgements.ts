import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/** A pair of features that was drawn to be judged, as a row of `judgement/judgements.parquet`. */
export interface JudgementRow {
  readonly source_layer: number;
  readonly target_layer: number;
  /** How the target was chosen: `matched`, `composed`, `nearest` or `random`. */
  readonly method: string;
  readonly source_feature: number;
  readonly target_feature: number;
  /** 1 DIFFERENT, 2 MAYBE, 3 SAME; null where there is no usable answer. */
  readonly label_forward: number | null;
  /** The same with the description of the target first. */
  readonly label_swapped: number | null;
  /** What both say; null where they do not agree. */
  readonly label: number | null;
  /** 0 to 1; null where a description has no words. */
  readonly lexical_score: number | null;
  /** Of the vectors that the run matches on; null where the run does not know it. */
  readonly mse: number | null;
  readonly source_description: string;
  readonly target_description: string;
}

const SCHEMA = {
  name: 'judgements',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('target_layer', 'int32'),
    required('method', 'string'),
    required('source_feature', 'int32'),
    required('target_feature', 'int32'),
    nullable('label_forward', 'int32'),
    nullable('label_swapped', 'int32'),
    nullable('label', 'int32'),
    nullable('lexical_score', 'double'),
    nullable('mse', 'double'),
    required('source_description', 'string'),
    required('target_description', 'string'),
  ],
} as const;

export function encodeJudgements(rows: readonly JudgementRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeJudgements(bytes: Uint8Array, file?: string): Promise<JudgementRow[]> {
  return decodeRows<JudgementRow>(SCHEMA, bytes, file);
}
