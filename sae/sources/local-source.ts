import { constants, createReadStream } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { InputError, SaeMatchError } from '../../matching/errors';
import { checkRange } from '../containers/byte-reader';
import type { ByteRange } from '../../transport/resumed';
import type { SaeSource, SourceFile } from './source';

const STREAM_CHUNK_BYTES = 1 << 20;

/**
 * SAEs in a folder of this machine, or in the one file that `location` names. Entries whose name begins with a dot are
 * not looked at. Links are followed inside the folder; one that leaves it is refused.
 *
 * @throws InputError when the location does not exist or cannot be read.
 */
export async function openLocalSource(location: string): Promise<SaeSource> {
  const fullRoot = resolve(location);
  try {
    const isFolder = (await stat(fullRoot)).isDirectory();
    const folder = isFolder ? fullRoot : dirname(fullRoot);
    return new LocalSource(location, fullRoot, folder, await realpath(folder), isFolder ? null : basename(fullRoot));
  } catch (error) {
    throw asInputError(error, location, 'Check the path.');
  }
}

class LocalSource implements SaeSource {
  readonly pinned: string;

  constructor(
    readonly root: string,
    readonly fullRoot: string,
    private readonly folder: string,
    private readonly realFolder: string,
    readonly namedFile: string | null
  ) {
    this.pinned = root;
  }

  async list(): Promise<readonly SourceFile[]> {
    const files: SourceFile[] = [];
    try {
      await this.collect('', [this.realFolder], files);
    } catch (error) {
      throw asInputError(error, this.root, 'Check the folder and its permissions.');
    }
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async read(path: string, range?: ByteRange): Promise<Buffer> {
    return this.withFile(path, async (handle, bytes) => {
      const { start, end } = range ?? { start: 0, end: bytes };
      checkRange(this.locate(path), bytes, start, end);
      const buffer = Buffer.allocUnsafeSlow(end - start);
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
        if (bytesRead === 0) checkRange(this.locate(path), start + filled, start, end);
        filled += bytesRead;
      }
      return buffer;
    });
  }

  async *stream(path: string): AsyncGenerator<Buffer> {
    try {
      const chunks = createReadStream(await this.resolveInside(path), { highWaterMark: STREAM_CHUNK_BYTES });
      for await (const chunk of chunks) yield chunk as Buffer;
    } catch (error) {
      throw asInputError(error, this.locate(path), 'Check the file and its permissions.');
    }
  }

  bringHere(): Promise<void> {
    return Promise.resolve();
  }

  locate(path: string): string {
    const start = this.namedFile === null ? this.root : dirname(this.root);
    return path === '.' ? start : join(start, path);
  }

  private async withFile<T>(
    path: string,
    use: (handle: Awaited<ReturnType<typeof open>>, bytes: number) => Promise<T>
  ): Promise<T> {
    try {
      // Not blocking: a named pipe in the folder must not hang the reader.
      const handle = await open(await this.resolveInside(path), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return await use(handle, (await handle.stat()).size);
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw asInputError(error, this.locate(path), 'Check the file and its permissions.');
    }
  }

  private async collect(folder: string, ancestors: readonly string[], files: SourceFile[]): Promise<void> {
    for (const entry of await readdir(join(this.folder, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const info = await stat(join(this.folder, path)).catch(() => null);
      if (info?.isFile() === true) files.push({ path, bytes: info.size, modified: info.mtimeMs });
      if (info?.isDirectory() !== true || this.namedFile !== null) continue;
      const real = await this.resolveInside(path);
      if (!ancestors.includes(real)) await this.collect(path, [...ancestors, real], files);
    }
  }

  /** The real path of a file, links resolved. @throws InputError when it lies outside the source. */
  private async resolveInside(path: string): Promise<string> {
    const real = await realpath(join(this.folder, path));
    const prefix = this.realFolder.endsWith(sep) ? this.realFolder : this.realFolder + sep;
    // A file that the user names is meant, wherever its link leads.
    if (real.startsWith(prefix) || real === this.realFolder || path === this.namedFile) return real;
    throw new InputError('the path leads out of the source folder', {
      file: this.locate(path),
      found: `a link to ${real}`,
      expected: `a file below ${this.root}`,
      remedy: 'Copy the folder with its links resolved (`cp -rL`), or name the folder that really holds the files.',
    });
  }
}

function asInputError(error: unknown, file: string, remedy: string): SaeMatchError {
  if (error instanceof SaeMatchError) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const found =
    code === 'ENOENT'
      ? 'no such file or folder'
      : code === 'EACCES' || code === 'EPERM'
        ? 'no permission to read it'
        : String(error);
  return new InputError('the source cannot be read', { file, found, remedy, cause: error });
}
