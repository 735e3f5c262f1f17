import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isPartName } from './part-file';

/** An unfinished download that nobody has gone on with for so long is given up. */
const FORGOTTEN_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Removes the least recently used files of a cache until the rest takes no more than is allowed. Whoever reads one at
 * this moment reads on: the file is gone when it is closed.
 *
 * @param allowed bytes that may stay, given what all complete files take now
 * @param keep stays whatever its size: it is about to be used
 * @returns bytes that were freed
 */
export async function evict(folder: string, allowed: (total: number) => number, keep: string): Promise<number> {
  const files = await filesIn(folder);
  const forgotten = files.filter(({ name, seenMs }) => isPartName(name) && Date.now() - seenMs > FORGOTTEN_AFTER_MS);
  const complete = files.filter(({ name }) => !isPartName(name)).sort((a, b) => a.usedMs - b.usedMs);
  let total = complete.reduce((sum, { bytes }) => sum + bytes, 0);
  const limit = allowed(total);
  const surplus = complete.filter(({ path, bytes }) => {
    if (path === keep || total <= limit) return false;
    total -= bytes;
    return true;
  });
  const gone = [...forgotten, ...surplus];
  await Promise.all(gone.map(({ path }) => rm(path, { force: true })));
  return gone.reduce((sum, { bytes }) => sum + bytes, 0);
}

interface CachedFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly seenMs: number;
}

async function filesIn(folder: string): Promise<CachedFile[]> {
  const files = (await readdir(folder)).map(async (name) => {
    const path = join(folder, name);
    const info = await stat(path).catch(() => null);
    return info?.isFile() === true
      ? [{ path, name, bytes: info.size, usedMs: info.mtimeMs, seenMs: info.ctimeMs }]
      : [];
  });
  return (await Promise.all(files)).flat();
}
