import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { TRANSFERS, WrongContentError } from '../../transport/cache/content-sums';
import { crc32c } from '../../transport/crc32c';
import type { TaskContext } from '../task-context';
import type { OpenPart } from './folded-parts';
import { objectChunks } from './object-chunks';

/**
 * Parts of a remote store where this machine cannot keep them. Only a whole part can be checked, so the one that is read
 * at the moment is in memory, and no other.
 */
export class HeldParts {
  private held: { readonly key: string; readonly content: Promise<Buffer> } | null = null;

  constructor(
    private readonly store: ObjectStore,
    private readonly context: TaskContext
  ) {}

  /** @throws WrongContentError from `read`, when the part in the store is damaged */
  open(part: StoredObject, onTransfer: (bytes: number) => void): OpenPart {
    const content = (): Promise<Buffer> => {
      if (this.held?.key === part.key) return this.held.content;
      this.held = { key: part.key, content: this.fetch(part, onTransfer) };
      return this.held.content;
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
        this.context.onFoldedRead({ from: 'fetched', fetchedBytes: bytes * transfers });
        return content;
      }
      if (transfers === TRANSFERS) {
        const wrong = { found: `CRC32C ${found}`, expected: `CRC32C ${part.crc32c}` };
        throw new WrongContentError({ name: this.store.url(key) }, wrong);
      }
    }
  }
}
