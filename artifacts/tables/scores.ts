import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/**
 * How often features and the targets of one method are active together, as a row of `evaluation/scores.parquet`. The names
 * are those of the columns, null is null in the file. See `MatchingScore`.
 */
export interface ScoreRow {
  readonly source_layer: number;
  readonly target_layer: number;
  readonly method: string;
  readonly tokens: number;
  readonly documents: number;
  /** Pairs of features of which the source is active on one token at least. */
  readonly features: number;
  readonly score: number | null;
  /** The middle 95 % of `score` over samples of the documents. */
  readonly score_low: number | null;
  readonly score_high: number | null;
  readonly score_micro: number | null;
  readonly score_reverse: number | null;
  readonly score_jaccard: number | null;
  /** Pairs of features of which the source is active on ten tokens at least, and `score` over them. */
  readonly frequent_features: number;
  readonly frequent_score: number | null;
  readonly frequent_score_low: number | null;
  readonly frequent_score_high: number | null;
}

const SCHEMA = {
  name: 'scores',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('target_layer', 'int32'),
    required('method', 'string'),
    required('tokens', 'int32'),
    required('documents', 'int32'),
    required('features', 'int32'),
    nullable('score', 'double'),
    nullable('score_low', 'double'),
    nullable('score_high', 'double'),
    nullable('score_micro', 'double'),
    nullable('score_reverse', 'double'),
    nullable('score_jaccard', 'double'),
    required('frequent_features', 'int32'),
    nullable('frequent_score', 'double'),
    nullable('frequent_score_low', 'double'),
    nullable('frequent_score_high', 'double'),
  ],
} as const;

export function encodeScores(rows: readonly ScoreRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeScores(bytes: Uint8Array, file?: string): Promise<ScoreRow[]> {
  return decodeRows<ScoreRow>(SCHEMA, bytes, file);
}
