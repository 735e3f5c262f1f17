import { crc32c } from '../../transport/crc32c';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { SaeMatchError } from '../../matching/errors';
import type { CheckpointPort } from '../../matching/ports';

/** A long match saves its state about this often, unless told otherwise. */
export const CHECKPOINT_SECONDS = 30;

/** Name of a pair's checkpoint, beside its tables. */
export const CHECKPOINT = 'checkpoint.bin';

/** Characters of a CRC32C, which stands in front of the state. */
const CHECKSUM_BYTES = 8;

/**
 * Keeps the state of a match in one object of a store, behind its checksum. A checkpoint only saves time, so that one
 * that cannot be written or read is as good as none.
 */
export function createCheckpoint(store: ObjectStore, object: string, seconds: number): CheckpointPort {
  let last = performance.now();
  return {
    load: async () => {
      const content = await orNull(() => store.get(object));
      if (content === null || content.length < CHECKSUM_BYTES) return null;
      const state = content.subarray(CHECKSUM_BYTES);
      return content.toString('latin1', 0, CHECKSUM_BYTES) === crc32c(state) ? state : null;
    },
    isDue: () => performance.now() - last >= seconds * 1000,
    save: async (chunks) => {
      await orNull(() => store.put(object, [Buffer.from(crc32c(chunks), 'latin1'), ...chunks]));
      last = performance.now();
    },
  };
}

/** Removes a checkpoint that is of no more use. */
export async function deleteCheckpoint(store: ObjectStore, object: string): Promise<void> {
  await orNull(() => store.delete(object));
}

async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SaeMatchError) return null;
    throw error;
  }
}
