import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isPartName } from './part-file';

/** An unfinished download that nobody has gone on with for so long is given up. */
const FORGOTTEN_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Removes the least recently used files of a cache until the rest takes no more than `limitBytes`. Whoever reads one at
 * this moment reads on: the file is gone when it is closed.
 *
 * @param keep stays whatever its size: it is about to be used
 */
export async function evict(folder: string, limitBytes: number, keep: string): Promise<void> {
  const files = (
    await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const path = join(folder, name);
        const info = await stat(path).catch(() => null);
        return info?.isFile() === true
          ? [{ path, name, bytes: info.size, usedMs: info.mtimeMs, seenMs: info.ctimeMs }]
          : [];
      })
    )
  ).flat();
  const forgotten = files.filter(({ name, seenMs }) => isPartName(name) && Date.now() - seenMs > FORGOTTEN_AFTER_MS);
  const complete = files.filter(({ name }) => !isPartName(name)).sort((a, b) => a.usedMs - b.usedMs);
  let total = complete.reduce((sum, { bytes }) => sum + bytes, 0);
  const surplus = complete.filter(({ path, bytes }) => {
    if (path === keep || total <= limitBytes) return false;
    total -= bytes;
    return true;
  });
  await Promise.all([...forgotten, ...surplus].map(({ path }) => rm(path, { force: true })));
}
