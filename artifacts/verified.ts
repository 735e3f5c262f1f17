import { ArtifactCorruptError } from '../matching/errors';
import { crc32c } from '../transport/crc32c';
import { ObjectNotFoundError, type ObjectStore, type StoredObject } from './store/object-store';

/**
 * Reads an object and checks it against what was recorded when it was written.
 *
 * @throws ArtifactCorruptError when the object is missing or has another length or checksum
 */
export async function getVerified(store: ObjectStore, recorded: StoredObject): Promise<Buffer> {
  const file = store.url(recorded.key);
  let content: Buffer;
  try {
    content = await store.get(recorded.key);
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    throw new ArtifactCorruptError('a recorded artifact is missing', {
      file,
      expected: `${recorded.bytes} bytes`,
      remedy: 'Resume the run: it will be computed again',
      cause: error,
    });
  }
  compare(file, { bytes: content.length, crc32c: crc32c(content) }, recorded);
  return content;
}

/**
 * The same check without the content: where the store states checksums of its objects nothing is read.
 *
 * @throws ArtifactCorruptError when the object is missing or has another length or checksum
 */
export async function checkIntact(store: ObjectStore, recorded: StoredObject): Promise<void> {
  const stat = await store.stat(recorded.key);
  if (stat?.crc32c === undefined) await getVerified(store, recorded);
  else compare(store.url(recorded.key), { bytes: stat.bytes, crc32c: stat.crc32c }, recorded);
}

/** Whether all of them are as they were recorded: what is not is computed again. */
export async function areIntact(store: ObjectStore, recorded: readonly StoredObject[]): Promise<boolean> {
  try {
    for (const object of recorded) await checkIntact(store, object);
    return true;
  } catch (error) {
    if (error instanceof ArtifactCorruptError) return false;
    throw error;
  }
}

type Sums = Pick<StoredObject, 'bytes' | 'crc32c'>;

function compare(file: string, found: Sums, expected: Sums): void {
  if (found.bytes === expected.bytes && found.crc32c === expected.crc32c) return;
  const isSize = found.bytes !== expected.bytes;
  const say = ({ bytes, crc32c: sum }: Sums): string => (isSize ? `${bytes} bytes` : sum);
  throw new ArtifactCorruptError(`the stored artifact has another ${isSize ? 'length' : 'CRC32C'}`, {
    ...{ file, found: say(found), expected: say(expected) },
    remedy: 'Delete it and resume the run: it will be computed again',
  });
}
