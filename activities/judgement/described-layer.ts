import { getRecord } from '../../artifacts/record';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { decodeDescriptions } from '../../artifacts/tables/descriptions';
import { areIntact, getVerified } from '../../artifacts/verified';
import { ArtifactCorruptError } from '../../matching/errors';
import type { InputFile } from '../../sae/hash-inputs';
import type { DescribedRef } from '../../workflows/judgement-types';
import { descriptionsObject } from './keys';

/** What is known of the descriptions of a layer; written after their table. */
export interface DescribedLayer {
  readonly files: readonly InputFile[];
  readonly features: number;
  readonly described: number;
  readonly several: number;
  readonly empty: number;
  readonly table: StoredObject;
}

/** Null when there is none, or it is damaged, or its table is. */
export async function findDescribed(store: ObjectStore, key: string): Promise<DescribedLayer | null> {
  const described = await getRecord<DescribedLayer>(store, descriptionsObject(key));
  return described !== null && (await areIntact(store, [described.table])) ? described : null;
}

/** @throws ArtifactCorruptError when it is gone or unreadable */
export async function requireDescribed(
  store: ObjectStore,
  { key }: Pick<DescribedRef, 'key'>
): Promise<DescribedLayer> {
  const described = await getRecord<DescribedLayer>(store, descriptionsObject(key));
  if (described !== null) return described;
  throw new ArtifactCorruptError('the descriptions of a layer are gone', {
    file: store.url(descriptionsObject(key)),
    remedy: 'Judge the run again: they will be read again.',
  });
}

/** The descriptions themselves, null for a feature without one. @throws ArtifactCorruptError when they are gone or damaged */
export async function readDescribed(store: ObjectStore, ref: DescribedRef): Promise<(string | null)[]> {
  const { table } = await requireDescribed(store, ref);
  return decodeDescriptions(await getVerified(store, table), ref.features, store.url(table.key));
}
