import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../../matching/errors';
import type { TransferOptions } from '../transfer-options';
import type { CacheEntry, FetchBytes } from './cache-entry';
import { ContentSums, TRANSFERS, WrongContentError } from './content-sums';
import { CacheDiskError, onDisk } from './disk-error';
import { evict } from './evict';
import { addContent } from './file-content';
import { claimPart, PartLostError } from './part-file';
import type { PartFile } from './part-file';
import { verifiedWrite } from './verified-write';

const BUSY_POLL_MS = 500;
/** A file that is being read is marked as used so often. */
const TOUCH_EVERY_MS = 60_000;
/** A file that is dropped between its fetching and its opening is fetched so often in all. */
const OPENINGS = 3;

/**
 * What was fetched from elsewhere, as files in a folder that any number of processes share. The least recently used go
 * when they take more than `limitBytes` together, or the disk is full. A file appears under its name only when it is
 * complete and checked; an unfinished one is gone on with by whoever wants it next. Two that want the same file at once
 * fetch it once.
 */
export class MachineCache {
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
   * @throws WrongContentError when what arrives is not what the place says of the file
   * @throws CacheDiskError when the disk is full of other things, or cannot be written
   * @throws CancelledError when the signal is aborted, and what `fetch` throws; what has arrived is kept for the next
   */
  async obtain(entry: CacheEntry, fetch: FetchBytes, options: TransferOptions = {}): Promise<string> {
    return (await this.bring(entry, fetch, options)).path;
  }

  /**
   * The file, open for reading, fetched now unless it is here. It stays readable when the cache drops it meanwhile.
   *
   * @param checked compares the content of a file that was here with what its place says, and fetches a damaged one anew
   * @throws what {@link obtain} throws
   */
  async open(
    entry: CacheEntry,
    fetch: FetchBytes,
    { checked = false, ...options }: TransferOptions & { readonly checked?: boolean } = {}
  ): Promise<FileHandle> {
    // The cache may drop a file between the look and the opening; it is then fetched again.
    for (let attempt = 1; ; attempt++) {
      const { path, isNew } = await this.bring(entry, fetch, options);
      const handle = await onDisk(path, () => open(path)).catch((error: unknown) => {
        if (attempt >= OPENINGS) throw error;
        return null;
      });
      if (handle === null) continue;
      // What was fetched now was checked on its way.
      if (!checked || isNew || (await isIntact(handle, entry))) return handle;
      await handle.close();
      await onDisk(path, () => rm(path, { force: true }));
    }
  }

  private async bring(
    entry: CacheEntry,
    fetch: FetchBytes,
    options: TransferOptions
  ): Promise<{ readonly path: string; readonly isNew: boolean }> {
    const path = this.pathOf(entry);
    for (let transfers = 1; ;) {
      if ((await this.find(entry)) !== null) return { path, isNew: false };
      const part = await onDisk(this.folder, async () => {
        await mkdir(this.folder, { recursive: true, mode: 0o700 });
        return claimPart(path);
      });
      if (part === null) {
        await waitForOther(entry, options);
        continue;
      }
      try {
        // Whoever was at it may have finished between the look and the claim.
        if ((await this.find(entry)) !== null) {
          await rm(part.path, { force: true });
          return { path, isNew: false };
        }
        const wrong = await verifiedWrite(part, entry, fetch, options);
        if (wrong === null) {
          await this.publish(part, path);
          return { path, isNew: true };
        }
        await rm(part.path, { force: true });
        if (transfers === TRANSFERS) throw new WrongContentError(entry, wrong);
        transfers += 1;
      } catch (error) {
        if (!(error instanceof PartLostError || (await this.makeRoom(error, part, entry)))) throw error;
      } finally {
        await part.release();
      }
    }
  }

  private async publish(part: PartFile, path: string): Promise<void> {
    await onDisk(path, async () => {
      await rename(part.path, path);
      await evict(this.folder, () => this.limitBytes, path);
    });
  }

  /** On a full disk drops as much as the file takes, or else what was begun. @returns whether to try again */
  private async makeRoom(error: unknown, part: PartFile, { bytes }: CacheEntry): Promise<boolean> {
    if (!(error instanceof CacheDiskError) || !FULL.has(error.code)) return false;
    const freed = await onDisk(this.folder, () => evict(this.folder, (total) => total - bytes, part.path));
    if (freed === 0) await rm(part.path, { force: true });
    return freed > 0;
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

/** Another process fetches the file. @throws CancelledError */
async function waitForOther({ name }: CacheEntry, { onTransfer, signal }: TransferOptions): Promise<void> {
  if (signal?.aborted === true) throw new CancelledError(`downloading ${name}`);
  onTransfer?.(0);
  await sleep(BUSY_POLL_MS * (0.5 + Math.random()));
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);

async function isIntact(handle: FileHandle, entry: CacheEntry): Promise<boolean> {
  const sums = new ContentSums(entry);
  const { size } = await handle.stat();
  return size === entry.bytes && (await addContent(handle, size, sums)) === size && sums.wrong() === null;
}
