import { InputError } from '../../../matching/errors';
import type { CacheEntry } from '../../../transport/cache/cache-entry';
import { readContent } from '../../../transport/cache/file-content';
import type { MachineCache } from '../../../transport/cache/machine-cache';
import { PATIENCE } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import { resumed } from '../../../transport/resumed';
import type { ByteRange } from '../../../transport/resumed';
import { checkRange } from '../../containers/byte-reader';
import type { SaeSource, TransferOptions } from '../source';
import type { RemoteFile, RemotePlace } from './place';

/** Longer ranges are weights: their file is brought here whole, once, and read from there. */
const LONGEST_HEADER = 1 << 20;
const STREAM_CHUNK_BYTES = 1 << 20;

/**
 * SAEs on another machine. Headers are read by ranges; a file whose weights are read is downloaded into the cache of
 * this machine first, and checked against what the place says of it.
 */
export class RemoteSource implements SaeSource {
  readonly root: string;
  readonly pinned: string;
  readonly fullRoot: string;
  readonly namedFile: string | null;
  private listing: Promise<ReadonlyMap<string, RemoteFile>> | null = null;

  constructor(
    private readonly place: RemotePlace,
    private readonly cache: MachineCache,
    private readonly patience: Patience = PATIENCE
  ) {
    this.root = place.root;
    this.pinned = place.pinned;
    this.fullRoot = place.fullRoot;
    this.namedFile = place.namedFile;
  }

  async list(): Promise<readonly RemoteFile[]> {
    return [...(await this.listed()).values()];
  }

  async read(path: string, range?: ByteRange): Promise<Buffer> {
    const file = await this.file(path);
    const { start, end } = range ?? { start: 0, end: file.bytes };
    checkRange(this.locate(path), file.bytes, start, end);
    if (file.ranges && end - start <= LONGEST_HEADER && (await this.cache.find(this.entry(file))) === null) {
      const chunks: Buffer[] = [];
      for await (const chunk of this.transfer(file, { start, end })) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
    return this.readHere(file, { start, end });
  }

  async *stream(path: string): AsyncGenerator<Buffer> {
    const file = await this.file(path);
    for (let start = 0; start < file.bytes; start += STREAM_CHUNK_BYTES) {
      yield await this.readHere(file, { start, end: Math.min(file.bytes, start + STREAM_CHUNK_BYTES) });
    }
  }

  async bringHere(paths: readonly string[], options: TransferOptions = {}): Promise<void> {
    for (const path of paths) {
      const file = await this.file(path);
      await this.cache.obtain(this.entry(file), (range) => this.transfer(file, range, options.signal), options);
    }
  }

  locate(path: string): string {
    return this.place.locate(path);
  }

  private async readHere(file: RemoteFile, { start, end }: ByteRange): Promise<Buffer> {
    const handle = await this.cache.open(this.entry(file), (range) => this.transfer(file, range));
    try {
      const content = await readContent(handle, start, end);
      checkRange(this.locate(file.path), start + content.length, start, end);
      return content;
    } finally {
      await handle.close();
    }
  }

  private entry(file: RemoteFile): CacheEntry {
    return { ...file, name: this.locate(file.path) };
  }

  private transfer(file: RemoteFile, range: ByteRange, signal?: AbortSignal): AsyncIterable<Buffer> {
    return resumed(range, (rest, stop) => this.place.fetch(file, rest, stop), {
      name: this.locate(file.path),
      patience: this.patience,
      ...(signal !== undefined && { signal }),
    });
  }

  private async file(path: string): Promise<RemoteFile> {
    const file = (await this.listed()).get(path);
    if (file !== undefined) return file;
    throw new InputError('a file is missing', { file: this.locate(path), found: 'no such file' });
  }

  private listed(): Promise<ReadonlyMap<string, RemoteFile>> {
    this.listing ??= this.place
      .list()
      .then((files) => [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
      .then((files) => new Map(files.map((file) => [file.path, file])));
    return this.listing;
  }
}
