import { constants, promises as fs, type Dirent } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { ArtifactCorruptError } from '../../matching/errors';
import { createOnly } from './create-only';
import { codeOf, fileError, isMissing } from './file-errors';
import { makeFolder } from './make-folder';
import { checkKey } from './object-key';
import {
  ObjectNotFoundError,
  type ObjectStat,
  type ObjectStore,
  type PutOptions,
  type StoredObject,
} from './object-store';
import { isTemporaryName, removeLeftovers, TEMPORARY_FOLDER, temporaryName, writeSynced } from './temporary-file';

/** A write that has made no progress for this long belongs to a process that was killed. */
const LEFTOVER_AGE_MS = 60 * 60 * 1000;

/**
 * Objects as files below one folder, which is created by the first write. A write goes to a temporary file in
 * `<folder>/.sae-match-tmp`, then to the disk (fsync), then takes its name in one step. It is not beside the object
 * because polars refuses a folder of tables with any other file in it, and a process that is killed leaves its
 * temporary file behind. The first later write through a new store removes what is an hour old. Only where the object's
 * folder is on another file system is the temporary file in that folder.
 */
export class FileStore implements ObjectStore {
  readonly isRemote = false;
  /** Absolute path of the folder. */
  readonly root: string;
  private readonly tidied = new Set<string>();
  /** Folders that were there when they were last looked at. */
  private readonly folders = new Set<string>();
  /** Folders that no file of the temporary folder can be renamed into. */
  private readonly otherFileSystems = new Set<string>();

  constructor(folder: string) {
    this.root = resolve(folder);
  }

  async put(key: string, chunks: Uint8Array | readonly Uint8Array[], options: PutOptions = {}): Promise<StoredObject> {
    const path = this.pathOf(key);
    const parts = chunks instanceof Uint8Array ? [chunks] : chunks;
    return this.publish(path, async (temporary) => {
      const stored: StoredObject = { key, ...(await writeSynced(temporary, parts, options.signal)) };
      if (options.ifAbsent) {
        await createOnly(temporary, path, stored);
        await fs.rm(temporary, { force: true });
      } else await fs.rename(temporary, path);
      return stored;
    });
  }

  async copy(from: string, to: string): Promise<void> {
    const source = this.pathOf(from);
    const path = this.pathOf(to);
    if ((await this.stat(from)) === null) throw new ObjectNotFoundError(source);
    await this.publish(path, async (temporary) => {
      await fs.copyFile(source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await syncPath(temporary);
      await fs.rename(temporary, path);
    });
  }

  async get(key: string): Promise<Buffer> {
    const path = this.pathOf(key);
    return reading(path, () => fs.readFile(path));
  }

  async readRange(key: string, start: number, end: number): Promise<Buffer> {
    const path = this.pathOf(key);
    const content = Buffer.allocUnsafe(end - start);
    await reading(path, async () => {
      const handle = await fs.open(path, 'r');
      try {
        for (let filled = 0; filled < content.length;) {
          const { bytesRead } = await handle.read(content, filled, content.length - filled, start + filled);
          if (bytesRead === 0) throw endsEarly(path, start + filled, end);
          filled += bytesRead;
        }
      } finally {
        await handle.close();
      }
    });
    return content;
  }

  async stat(key: string): Promise<ObjectStat | null> {
    const path = this.pathOf(key);
    try {
      const stat = await fs.stat(path);
      return stat.isFile() ? { key, bytes: stat.size, modified: stat.mtime } : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw fileError(error, 'read', path);
    }
  }

  async list(prefix: string): Promise<string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (folder !== '') checkKey(folder.slice(0, -1));
    const keys: string[] = [];
    await this.collect(folder, prefix, keys);
    return keys.sort();
  }

  async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    try {
      await fs.unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw fileError(error, 'remove', path);
    }
    await this.removeEmpty(dirname(path));
  }

  url(key: string): string {
    return key === '' ? this.root : join(this.root, ...key.split('/'));
  }

  private pathOf(key: string): string {
    checkKey(key);
    return this.url(key);
  }

  /** Runs `write` with the path of a temporary file, which it makes `path` or removes; where it fails, that is done here. */
  private async publish<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
    try {
      return await this.tryPublish(path, write).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
        // Another process has removed the last object of a folder, and the folder with it.
        this.folders.clear();
        return this.tryPublish(path, write);
      });
    } catch (error) {
      throw fileError(error, 'write', path);
    }
  }

  private async tryPublish<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
    const folder = dirname(path);
    await this.ensureFolder(folder);
    if (!this.otherFileSystems.has(folder)) {
      try {
        return await this.writeVia(join(this.root, TEMPORARY_FOLDER), folder, write);
      } catch (error) {
        if (codeOf(error) !== 'EXDEV') throw error;
        this.otherFileSystems.add(folder);
      }
    }
    return await this.writeVia(folder, folder, write);
  }

  /** Removes a folder of the store and those above it, as far as they are empty. */
  private async removeEmpty(folder: string): Promise<void> {
    if (!folder.startsWith(`${this.root}${sep}`)) return;
    try {
      await fs.rmdir(folder);
    } catch {
      // Not empty, gone already, or not ours to remove: it does no harm.
      return;
    }
    await this.removeEmpty(dirname(folder));
  }

  private async writeVia<T>(
    temporaryFolder: string,
    folder: string,
    write: (temporary: string) => Promise<T>
  ): Promise<T> {
    const temporary = join(temporaryFolder, temporaryName());
    await this.ensureFolder(temporaryFolder);
    await this.tidyOnce(temporaryFolder);
    try {
      const result = await write(temporary);
      await syncPath(folder);
      return result;
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
  }

  private async ensureFolder(folder: string): Promise<void> {
    if (this.folders.has(folder)) return;
    await makeFolder(folder);
    this.folders.add(folder);
  }

  private async tidyOnce(temporaryFolder: string): Promise<void> {
    if (this.tidied.has(temporaryFolder)) return;
    this.tidied.add(temporaryFolder);
    await removeLeftovers(temporaryFolder, LEFTOVER_AGE_MS);
  }

  /** Adds the keys below `folder` (empty, or ending in `/`) that start with `prefix`. */
  private async collect(folder: string, prefix: string, keys: string[]): Promise<void> {
    const path = join(this.root, folder);
    let entries: Dirent[];
    try {
      entries = await fs.readdir(path, { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return;
      throw fileError(error, 'list', path);
    }
    for (const entry of entries) {
      if (isTemporaryName(entry.name)) continue;
      const key = folder + entry.name;
      if (entry.isFile() && key.startsWith(prefix)) keys.push(key);
      else if (entry.isDirectory() && `${key}/`.startsWith(prefix)) await this.collect(`${key}/`, prefix, keys);
    }
  }
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'EISDIR') throw new ObjectNotFoundError(path, error);
    throw fileError(error, 'read', path);
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await fs.open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot synchronise a folder; the name is then as durable as they make it.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EBADF'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

function endsEarly(path: string, size: number, end: number): ArtifactCorruptError {
  return new ArtifactCorruptError('the object ends early', {
    file: path,
    found: `${size} bytes`,
    expected: `at least ${end}`,
    remedy: 'Delete it and resume the run: it will be computed again',
  });
}
