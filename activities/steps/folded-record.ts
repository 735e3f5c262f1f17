import { z } from 'zod';
import { getRecord, putRecord } from '../../artifacts/record';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { foldedRecord } from './keys';

const object = z.object({ key: z.string(), bytes: z.int().nonnegative(), crc32c: z.string() });
const record = z.object({ parts: z.array(object).min(1) });

/**
 * The objects that a folded layer consists of, one after the other, as they were stored. They were recorded after them:
 * where the record exists the layer was complete. Null where there is none, or one that is damaged.
 */
export async function readFoldedRecord(store: ObjectStore, key: string): Promise<readonly StoredObject[] | null> {
  return record.safeParse(await getRecord(store, foldedRecord(key))).data?.parts ?? null;
}

export async function writeFoldedRecord(
  store: ObjectStore,
  key: string,
  stored: readonly StoredObject[]
): Promise<void> {
  await putRecord(store, foldedRecord(key), { parts: stored });
}
