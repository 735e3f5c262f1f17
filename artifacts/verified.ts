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
  const remedy = 'Delete it and resume the run: it will be computed again';
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
  if (content.length !== recorded.bytes) {
    const [found, expected] = [`${content.length} bytes`, `${recorded.bytes} bytes`];
    throw new ArtifactCorruptError('the stored artifact has another length', { file, found, expected, remedy });
  }
  const found = crc32c(content);
  if (found !== recorded.crc32c) {
    const expected = recorded.crc32c;
    throw new ArtifactCorruptError('the stored artifact has another CRC32C', { file, found, expected, remedy });
  }
  return content;
}
