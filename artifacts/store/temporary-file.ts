import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { CancelledError } from '../../matching/errors';
import { Crc32c } from '../../transport/crc32c';

/** Folder in the root of a store for unfinished writes. */
export const TEMPORARY_FOLDER = '.sae-match-tmp';

const TEMPORARY_NAME = /^\.sae-match-\d+-[0-9a-f]{16}\.tmp$/;

/** Name of a new unfinished file: `.sae-match-<process id>-<16 hex digits>.tmp`. */
export function temporaryName(): string {
  return `.sae-match-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;
}

/** Whether a name is that of an unfinished write, of this process or of one that was killed, or of their folder. */
export function isTemporaryName(name: string): boolean {
  return name === TEMPORARY_FOLDER || TEMPORARY_NAME.test(name);
}

/**
 * Writes a new file, hands its bytes to the disk (fsync), and returns its length and CRC32C.
 *
 * @throws CancelledError between two chunks when the signal is aborted
 */
export async function writeSynced(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal?: AbortSignal
): Promise<{ bytes: number; crc32c: string }> {
  const crc = new Crc32c();
  let bytes = 0;
  const handle = await fs.open(path, 'wx');
  try {
    for await (const chunk of chunks) {
      if (signal?.aborted) throw new CancelledError(`writing ${path}`);
      crc.update(chunk);
      bytes += chunk.byteLength;
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, crc32c: crc.digest() };
}

/** Removes the unfinished files in a folder that nobody has written to for `maxAgeMs`; their processes are gone. */
export async function removeLeftovers(folder: string, maxAgeMs: number): Promise<void> {
  const oldest = Date.now() - maxAgeMs;
  for (const name of (await fs.readdir(folder)).filter(isTemporaryName)) {
    const path = join(folder, name);
    // Another process may finish or remove it at this moment: then there is nothing to do.
    const stat = await fs.stat(path).catch(() => null);
    if (stat !== null && stat.mtimeMs < oldest) await fs.rm(path, { force: true });
  }
}
