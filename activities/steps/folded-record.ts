import { z } from 'zod';
import { ObjectNotFoundError } from '../../artifacts/store/object-store';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { foldedRecord } from './keys';

const object = z.object({ key: z.string(), bytes: z.int().nonnegative(), crc32c: z.string() });
const parts = z.object({ parts: z.array(object).min(1) });
/** Before layers were stored in parts the record was that of their one object. */
const record = z.union([parts, object.transform((one) => ({ parts: [one] }))]);

/**
 * The objects that a folded layer consists of, one after the other, as they were stored. They were recorded after them:
 * where the record exists the layer was complete. Null where there is none, or one that cannot be understood.
 */
export async function readFoldedRecord(store: ObjectStore, key: string): Promise<readonly StoredObject[] | null> {
  try {
    const content: unknown = JSON.parse((await store.get(foldedRecord(key))).toString('utf8'));
    return record.safeParse(content).data?.parts ?? null;
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof SyntaxError) return null;
    throw error;
  }
}

export async function writeFoldedRecord(
  store: ObjectStore,
  key: string,
  stored: readonly StoredObject[]
): Promise<void> {
  await store.put(foldedRecord(key), Buffer.from(`${JSON.stringify({ parts: stored })}\n`));
}
