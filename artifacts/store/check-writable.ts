import type { ObjectStore } from './object-store';

/**
 * Writes and removes a small object, so that a place that cannot be written is found before any work is done for it.
 *
 * @throws EnvironmentError, UnavailableError
 */
export async function checkWritable(store: ObjectStore): Promise<void> {
  const key = `artifacts/writable-${process.pid}`;
  await store.put(key, Buffer.from('sae-match'));
  await store.delete(key);
}
