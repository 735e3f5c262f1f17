import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { TRANSFERS, WrongContentError } from '../../transport/cache/content-sums';
import { crc32c } from '../../transport/crc32c';
import type { TaskContext } from '../task-context';
import type { OpenPart } from './folded-parts';
import { objectChunks } from './object-chunks';

/** Two matrices may be read side by side, and what is small has a part of its own. */
const MOST_HELD = 3;

/**
 * Parts of a store of this machine, or of a remote one where this machine cannot keep them. Only a whole part can be
 * checked, so those that are read at the moment are in memory, and no others.
 */
export class HeldParts {
  /** By key, the one used last at the end. */
  private readonly held = new Map<string, Promise<Buffer>>();

  constructor(
    private readonly store: ObjectStore,
    private readonly context: TaskContext
  ) {}

  /** @throws WrongContentError from `read`, when the part in the store is damaged */
  open(part: StoredObject, onTransfer: (bytes: number) => void = () => undefined): OpenPart {
    const content = (): Promise<Buffer> => {
      const known = this.held.get(part.key) ?? this.fetch(part, onTransfer);
      this.held.delete(part.key);
      this.held.set(part.key, known);
      const [oldest] = this.held.keys();
      if (this.held.size > MOST_HELD) this.held.delete(oldest!);
      return known;
    };
    return {
      read: async (start, end) => (await content()).subarray(start, end),
      close: () => Promise.resolve(),
    };
  }

  private async fetch(part: StoredObject, onTransfer: (bytes: number) => void): Promise<Buffer> {
    const { key, bytes } = part;
    const content = Buffer.allocUnsafeSlow(bytes);
    for (let transfers = 1; ; transfers++) {
      let filled = 0;
      for await (const chunk of objectChunks(this.store, part, { start: 0, end: bytes }, onTransfer)) {
        filled += chunk.copy(content, filled);
      }
      const found = crc32c(content);
      if (found === part.crc32c) {
        this.context.onFoldedRead(
          this.store.isRemote
            ? { from: 'fetched', fetchedBytes: bytes * transfers }
            : { from: 'local', fetchedBytes: 0 }
        );
        return content;
      }
      if (transfers === TRANSFERS) {
        const wrong = { found: `CRC32C ${found}`, expected: `CRC32C ${part.crc32c}` };
        throw new WrongContentError({ name: this.store.url(key) }, wrong);
      }
    }
  }
}
