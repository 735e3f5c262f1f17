import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { CancelledError, EnvironmentError } from '../../../matching/errors';
import { Crc32c } from '../../../transport/crc32c';
import type { ByteRange } from '../../../transport/resumed';
import type { TransferOptions } from '../source';
import type { CacheEntry } from './download-cache';
import type { PartFile } from './part-file';

const READ_BYTES = 4 << 20;

/**
 * Fetches what an unfinished file still lacks, hands it to the disk, and compares the whole with what its place says.
 *
 * @returns what is wrong with the content; null when nothing is
 * @throws PartLostError when another process has taken the file over
 * @throws EnvironmentError when the disk cannot be written
 */
export async function verifiedWrite(
  part: PartFile,
  entry: CacheEntry,
  fetch: (range: ByteRange) => AsyncIterable<Buffer>,
  { onTransfer, signal }: TransferOptions
): Promise<{ found: string; expected: string } | null> {
  const sums = new Sums(entry);
  try {
    const handle = await open(part.path, 'r+');
    try {
      let position = await readExisting(handle, entry.bytes, sums);
      if (position > 0) onTransfer?.(position);
      for await (const chunk of position < entry.bytes ? fetch({ start: position, end: entry.bytes }) : []) {
        if (signal?.aborted === true) throw new CancelledError(`downloading ${entry.name}`);
        sums.update(chunk);
        await handle.write(chunk, 0, chunk.length, position);
        position += chunk.length;
        onTransfer?.(chunk.length);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asDiskError(error, part.path);
  }
  await part.check();
  return sums.wrong();
}

/** Adds up what an earlier attempt left; what is too long was another file. @returns its length */
async function readExisting(handle: FileHandle, bytes: number, sums: Sums): Promise<number> {
  const { size } = await handle.stat();
  if (size > bytes) {
    await handle.truncate(0);
    return 0;
  }
  const buffer = Buffer.allocUnsafe(Math.min(size, READ_BYTES));
  for (let position = 0; position < size;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return position;
    sums.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return size;
}

/** The checksums that a place states, no others. */
class Sums {
  private readonly sha256: Hash | null;
  private readonly crc32c: Crc32c | null;

  constructor(private readonly entry: CacheEntry) {
    this.sha256 = entry.sha256 === undefined ? null : createHash('sha256');
    this.crc32c = entry.crc32c === undefined ? null : new Crc32c();
  }

  update(chunk: Uint8Array): void {
    this.sha256?.update(chunk);
    this.crc32c?.update(chunk);
  }

  wrong(): { found: string; expected: string } | null {
    const { sha256, crc32c } = this.entry;
    const foundHash = this.sha256?.digest('hex');
    if (foundHash !== sha256) return { found: `SHA-256 ${foundHash!}`, expected: `SHA-256 ${sha256!}` };
    const foundSum = this.crc32c?.digest();
    return foundSum === crc32c ? null : { found: `CRC32C ${foundSum!}`, expected: `CRC32C ${crc32c!}` };
  }
}

const DISK_ERRORS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission to write it',
  EROFS: 'a file system that cannot be written',
  EIO: 'an error of the disk',
};

/** The error of a disk in words; others as they are. */
export function asDiskError(error: unknown, file: string): unknown {
  const found = error instanceof Error && 'code' in error ? DISK_ERRORS[String(error.code)] : undefined;
  if (found === undefined) return error;
  return new EnvironmentError('the download cannot be kept', {
    ...{ file, found, cause: error },
    remedy: 'Free some space, or point SAE_MATCH_CACHE at a folder on a larger disk.',
  });
}
