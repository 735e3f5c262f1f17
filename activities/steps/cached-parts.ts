import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import type { CacheEntry, FetchBytes } from '../../transport/cache/cache-entry';
import { CacheDiskError } from '../../transport/cache/disk-error';
import { readContent } from '../../transport/cache/file-content';
import type { MachineCache } from '../../transport/cache/machine-cache';
import type { TaskContext } from '../task-context';
import type { OpenPart } from './folded-parts';
import { HeldParts } from './held-parts';
import { objectChunks } from './object-chunks';

/**
 * Opens parts of folded layers that lie in a remote store: from the cache of this machine, into which each is fetched
 * once and checked. Where the cache cannot be used they are read from the store, which costs time and fails nothing.
 */
export class CachedParts {
  private readonly held: HeldParts;
  /** The folder of the cache cannot be used; it is not tried again for every part. */
  private isBroken = false;

  constructor(
    private readonly store: ObjectStore,
    private readonly cache: MachineCache,
    private readonly context: TaskContext
  ) {
    this.held = new HeldParts(store, context);
  }

  /**
   * @param onTransfer called with the bytes that came over the network since the last call
   * @throws WrongContentError when the part in the store is damaged
   * @throws ObjectNotFoundError when it is gone
   */
  async open(part: StoredObject, onTransfer: (bytes: number) => void): Promise<OpenPart> {
    if (this.isBroken) return this.held.open(part, onTransfer);
    let fetchedBytes = 0;
    const fetch: FetchBytes = (range) =>
      objectChunks(this.store, part, range, (bytes) => {
        fetchedBytes += bytes;
      });
    try {
      const handle = await this.cache.open(this.entryOf(part), fetch, { onTransfer, checked: true });
      this.context.onFoldedRead({ from: fetchedBytes === 0 ? 'cached' : 'fetched', fetchedBytes });
      return { read: (start, end) => readContent(handle, start, end), close: () => handle.close() };
    } catch (error) {
      this.noteOrThrow(error);
      // What came before the disk was full came in vain.
      if (fetchedBytes > 0) this.context.onFoldedRead({ from: 'fetched', fetchedBytes });
      return this.held.open(part, onTransfer);
    }
  }

  /** Puts a part into the cache whose content is here anyway, so that this machine never fetches it. */
  async keep(part: StoredObject, content: readonly Uint8Array[]): Promise<void> {
    if (this.isBroken) return;
    try {
      await this.cache.obtain(this.entryOf(part), ({ start, end }) => piecesOf(content, start, end));
    } catch (error) {
      this.noteOrThrow(error);
    }
  }

  private entryOf({ key, bytes, crc32c }: StoredObject): CacheEntry {
    return { name: this.store.url(key), version: `CRC32C ${crc32c}`, bytes, crc32c };
  }

  private noteOrThrow(error: unknown): void {
    if (!(error instanceof CacheDiskError)) throw error;
    if (this.isBroken) return;
    this.isBroken = true;
    this.context.onNote(`folded layers are not kept on this machine, and fetched anew each time: ${error.message}`);
  }
}

/** The bytes `[start, end)` of a content in chunks; nothing is copied. */
async function* piecesOf(content: readonly Uint8Array[], start: number, end: number): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const chunk of content) {
    const piece = chunk.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    offset += chunk.length;
    if (piece.length > 0) yield await Promise.resolve(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
  }
}
