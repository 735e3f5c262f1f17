import { ArtifactCorruptError } from '../matching/errors';
import type { ObjectStore, StoredObject } from './store/object-store';

/**
 * Stores an object whose name stands for its content: one that is there is left alone, as another worker may just have written
 * it, unless it is damaged. Then it is replaced.
 */
export async function putOnce(
  store: ObjectStore,
  key: string,
  chunks: Uint8Array | readonly Uint8Array[]
): Promise<StoredObject> {
  try {
    return await store.put(key, chunks, { ifAbsent: true });
  } catch (error) {
    if (error instanceof ArtifactCorruptError) return store.put(key, chunks);
    throw error;
  }
}
