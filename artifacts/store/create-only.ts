import { createReadStream, promises as fs } from 'node:fs';
import { ArtifactCorruptError } from '../../matching/errors';
import { Crc32c } from '../../transport/crc32c';
import { codeOf, isMissing } from './file-errors';
import type { StoredObject } from './object-store';

/**
 * Gives a complete temporary file the name of the object unless that exists with the same content.
 *
 * @throws ArtifactCorruptError when it exists with other content
 */
export async function createOnly(temporary: string, path: string, stored: StoredObject): Promise<void> {
  try {
    await fs.link(temporary, path);
    return;
  } catch (error) {
    if (!LINK_REFUSED.has(codeOf(error) ?? '')) throw error;
  }
  const existing = await fileSum(path);
  if (existing === null) {
    // A file system without hard links. Between the look and the renaming another process may create the object, which
    // this write then replaces; of an object named by its content that is the same bytes again.
    await fs.rename(temporary, path);
  } else if (existing.bytes !== stored.bytes || existing.crc32c !== stored.crc32c) {
    throw new ArtifactCorruptError('an object of this name exists with other content', {
      file: path,
      found: `${existing.bytes} bytes with CRC32C ${existing.crc32c}`,
      expected: `${stored.bytes} bytes with CRC32C ${stored.crc32c}`,
      remedy: 'Delete it if it is damaged, then resume',
    });
  }
}

/** Codes of link(2) for an existing name, and for file systems without hard links. */
const LINK_REFUSED = new Set(['EEXIST', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function fileSum(path: string): Promise<{ bytes: number; crc32c: string } | null> {
  const crc = new Crc32c();
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      crc.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  return { bytes, crc32c: crc.digest() };
}
