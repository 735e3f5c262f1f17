import { ARTIFACT_RECORDS } from '../../artifacts/layout';
import { getRecord, putRecord } from '../../artifacts/record';
import type { StoredObject } from '../../artifacts/store/object-store';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { PairRow } from '../../artifacts/tables/pairs';
import { areIntact } from '../../artifacts/verified';
import { ArtifactCorruptError } from '../../matching/errors';
import type { MatchRef } from '../../workflows/run-types';
import { matchObject } from './keys';

/** The row a pair contributes to pairs.parquet, before composition is known. */
export type MatchRow = Omit<PairRow, 'composed_agreement' | 'composed_extra_cost'>;

/** What is known about a matched pair; written after its tables, so that where it exists they are complete. */
export interface MatchSummary {
  readonly row: MatchRow;
  readonly files: Readonly<Record<TableName, StoredObject>>;
  /** What it took; absent in summaries of versions that did not keep it. */
  readonly work?: { readonly multiply_adds: number; readonly storage: string };
}

export type TableName = 'matches.parquet' | 'targets.parquet' | 'certificate.parquet';
const SUMMARY = ARTIFACT_RECORDS.matches;

export async function writeMatchSummary(store: ObjectStore, key: string, summary: MatchSummary): Promise<void> {
  await putRecord(store, matchObject(key, SUMMARY), summary);
}

/** The summary of a pair that was matched before, null when there is none or it is damaged. */
export async function readMatchSummary(store: ObjectStore, key: string): Promise<MatchSummary | null> {
  return getRecord<MatchSummary>(store, matchObject(key, SUMMARY));
}

/** The summary of a pair that was matched in this run. @throws ArtifactCorruptError when it is gone or unreadable */
export async function requireMatchSummary(store: ObjectStore, match: MatchRef): Promise<MatchSummary> {
  const summary = await readMatchSummary(store, match.key);
  if (summary !== null) return summary;
  throw new ArtifactCorruptError('the tables of a matched pair are gone', {
    file: store.url(matchObject(match.key, SUMMARY)),
    field: `pair ${match.source}:${match.target}`,
    remedy: 'Resume the run: it will be computed again.',
  });
}

/** Like {@link readMatchSummary}, but also null when a table is missing or damaged: it has to be computed again. */
export async function findIntactMatch(store: ObjectStore, key: string): Promise<MatchSummary | null> {
  const summary = await readMatchSummary(store, key);
  return summary !== null && (await areIntact(store, Object.values(summary.files))) ? summary : null;
}
