import { decodeRows, encodeRows } from './rows';
import { nullable, required } from './table';
import type { TableMetadata } from './table';

/** One way to choose targets for a pair of layers, as a row of `judgement/labels.parquet`. */
export interface LabelRow {
  readonly source_layer: number;
  readonly target_layer: number;
  /** Selected layers from the one to the other: 1 for neighbours. */
  readonly distance: number;
  readonly method: string;
  /** Source features with a target. */
  readonly features: number;
  /** Of these, those of which both sides have a description with words. */
  readonly described: number;
  /** Mean lexical score of these. */
  readonly lexical_mean: number | null;
  /** Share of them whose descriptions have the same words, and that of those with a word in common. */
  readonly same_words: number | null;
  readonly any_word: number | null;
  /** Drawn to be judged. */
  readonly sampled: number;
  /** With an answer in both orders. */
  readonly judged: number;
  readonly same: number;
  readonly maybe: number;
  readonly different: number;
  /** The orders say something else. */
  readonly disagreed: number;
  /** Drawn, and asked about in vain; 0 where nobody was asked. */
  readonly unusable: number;
  /** Mean over those judged of the mean of both labels. */
  readonly score_mean: number | null;
}

const SCHEMA = {
  name: 'labels',
  version: 1,
  columns: [
    required('source_layer', 'int32'),
    required('target_layer', 'int32'),
    required('distance', 'int32'),
    required('method', 'string'),
    required('features', 'int32'),
    required('described', 'int32'),
    nullable('lexical_mean', 'double'),
    nullable('same_words', 'double'),
    nullable('any_word', 'double'),
    required('sampled', 'int32'),
    required('judged', 'int32'),
    required('same', 'int32'),
    required('maybe', 'int32'),
    required('different', 'int32'),
    required('disagreed', 'int32'),
    required('unusable', 'int32'),
    nullable('score_mean', 'double'),
  ],
} as const;

export function encodeLabels(rows: readonly LabelRow[], metadata: TableMetadata): Uint8Array {
  return encodeRows(SCHEMA, rows, metadata);
}

/** @throws ArtifactCorruptError when the bytes are not such a table */
export function decodeLabels(bytes: Uint8Array, file?: string): Promise<LabelRow[]> {
  return decodeRows<LabelRow>(SCHEMA, bytes, file);
}
