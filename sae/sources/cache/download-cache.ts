import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../../matching/errors';
import type { ByteRange } from '../../../transport/resumed';
import type { TransferOptions } from '../source';
import { evict } from './evict';
import { claimPart, PartLostError } from './part-file';
import { asDiskError, verifiedWrite } from './verified-write';

/** One version of a file, and what its place says of its content. */
export interface CacheEntry {
  /** Full name of the file, without anything secret. */
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly sha256?: string;
  readonly crc32c?: string;
}

const BUSY_POLL_MS = 500;
/** A file that is being read is marked as used so often. */
const TOUCH_EVERY_MS = 60_000;
/** A transfer whose content turns out wrong is begun anew so often in all. */
const TRANSFERS = 3;

/**
 * Downloaded files in a folder that any number of processes share. The least recently used go when they take more than
 * `limitBytes` together. A file appears under its name only when it is complete and checked; an unfinished one is gone
 * on with by whoever wants it next. Two that want the same file at once fetch it once.
 */
export class DownloadCache {
  private readonly touched = new Map<string, number>();

  constructor(
    private readonly folder: string,
    private readonly limitBytes: number
  ) {}

  /** Path of the file; null when it is not here. */
  async find(entry: CacheEntry): Promise<string | null> {
    const path = this.pathOf(entry);
    const info = await stat(path).catch(() => null);
    if (info?.size !== entry.bytes) return null;
    const now = Date.now();
    if (now - (this.touched.get(path) ?? 0) > TOUCH_EVERY_MS) {
      this.touched.set(path, now);
      // Another process may drop the file at this moment; opening it says so.
      await utimes(path, now / 1000, now / 1000).catch(() => undefined);
    }
    return path;
  }

  /**
   * Path of the file, fetched now unless it is here.
   *
   * @param fetch gives the bytes of a range, exactly
   * @throws UnavailableError when what arrives is not what the place says of the file
   * @throws EnvironmentError when the disk is full or cannot be written
   * @throws CancelledError when the signal is aborted, and what `fetch` throws; what has arrived is kept for the next
   */
  async obtain(
    entry: CacheEntry,
    fetch: (range: ByteRange) => AsyncIterable<Buffer>,
    options: TransferOptions = {}
  ): Promise<string> {
    const here = await this.find(entry);
    if (here !== null) return here;
    const path = this.pathOf(entry);
    await mkdir(this.folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw asDiskError(error, this.folder);
    });
    for (let transfers = 0; ;) {
      const found = await this.find(entry);
      if (found !== null) return found;
      const part = await claimPart(path);
      if (part === null) {
        await sleep(
          BUSY_POLL_MS * (0.5 + Math.random()),
          undefined,
          options.signal === undefined ? {} : { signal: options.signal }
        );
        continue;
      }
      try {
        const wrong = await verifiedWrite(part, entry, fetch, options);
        if (wrong === null) {
          await rename(part.path, path);
          await evict(this.folder, this.limitBytes, path);
          return path;
        }
        await rm(part.path, { force: true });
        transfers += 1;
        if (transfers === TRANSFERS) throw wrongContent(entry, wrong);
      } catch (error) {
        if (!(error instanceof PartLostError)) throw error;
      } finally {
        await part.release();
      }
    }
  }

  private pathOf({ name, version, bytes, sha256 }: CacheEntry): string {
    const key =
      sha256 ??
      createHash('sha256')
        .update(JSON.stringify([name, version, bytes]))
        .digest('hex');
    return join(this.folder, key);
  }
}

function wrongContent(
  { name }: CacheEntry,
  { found, expected }: { found: string; expected: string }
): UnavailableError {
  return new UnavailableError('what arrives is not the file', {
    ...{ file: name, found, expected },
    remedy: 'Something between here and the server changes it: try again, or from another network.',
  });
}
