import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { CancelledError } from '../../matching/errors';
import type { TransferOptions } from '../transfer-options';
import type { CacheEntry, FetchBytes } from './cache-entry';
import { ContentSums } from './content-sums';
import type { WrongContent } from './content-sums';
import { onDisk } from './disk-error';
import { addContent } from './file-content';
import { PartLostError } from './part-file';
import type { PartFile } from './part-file';

/**
 * Fetches what an unfinished file still lacks, hands it to the disk, and compares the whole with what its place says.
 *
 * @returns what is wrong with the content; null when nothing is
 * @throws PartLostError when another process has taken the file over
 * @throws CacheDiskError when the disk cannot be written
 */
export async function verifiedWrite(
  part: PartFile,
  entry: CacheEntry,
  fetch: FetchBytes,
  { onTransfer, signal }: TransferOptions
): Promise<WrongContent | null> {
  const sums = new ContentSums(entry);
  const handle = await openPart(part.path);
  try {
    let position = await onDisk(part.path, () => readExisting(handle, entry.bytes, sums));
    if (position > 0) onTransfer?.(position);
    for await (const chunk of position < entry.bytes ? fetch({ start: position, end: entry.bytes }) : []) {
      if (signal?.aborted === true) throw new CancelledError(`downloading ${entry.name}`);
      sums.update(chunk);
      await onDisk(part.path, () => writeAll(handle, chunk, position));
      position += chunk.length;
      onTransfer?.(chunk.length);
    }
    await onDisk(part.path, () => handle.sync());
  } finally {
    await handle.close();
  }
  await part.check();
  return sums.wrong();
}

async function openPart(path: string): Promise<FileHandle> {
  return onDisk(path, () =>
    open(path, 'r+').catch((error: unknown) => {
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      throw code === 'ENOENT' ? new PartLostError(`${path} was taken over`, { cause: error }) : error;
    })
  );
}

/** A disk that is nearly full may take a part of what it is given before it says so. */
async function writeAll(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += (await handle.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
  }
}

/** Adds up what an earlier attempt left; what is too long was another file. @returns its length */
async function readExisting(handle: FileHandle, bytes: number, sums: ContentSums): Promise<number> {
  const { size } = await handle.stat();
  if (size > bytes) {
    await handle.truncate(0);
    return 0;
  }
  return addContent(handle, size, sums);
}
