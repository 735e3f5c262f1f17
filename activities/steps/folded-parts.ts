import type { StoredObject } from '../../artifacts/store/object-store';
import { checkRange } from '../../sae/containers/byte-reader';
import type { ByteReader } from '../../sae/containers/byte-reader';

/**
 * Most bytes of one object of a layer. Small enough for a part to be held in memory, large enough for a request each not
 * to matter.
 */
export const PART_BYTES = 64 * 2 ** 20;
/** A chunk below this share of a part is no part of a large matrix. */
const SMALL_SHARE = 1 / 64;

/** A part that is open for reading. */
export interface OpenPart {
  /** Exactly the bytes `[start, end)` of the part. */
  read(start: number, end: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Cuts a content into parts where one does not hold it; nothing is copied. Header and vectors share no part with matrices,
 * so that whoever needs no matrix fetches none.
 */
export function splitContent(chunks: readonly Uint8Array[], partBytes: number): Uint8Array[][] {
  const total = chunks.reduce((sum, { length }) => sum + length, 0);
  if (total <= partBytes) return [[...chunks]];
  const parts: Uint8Array[][] = [];
  let room = 0;
  let lastIsSmall = false;
  for (const chunk of chunks) {
    const isSmall = chunk.length < partBytes * SMALL_SHARE;
    if (isSmall !== lastIsSmall) room = 0;
    for (let start = 0; start < chunk.length;) {
      if (room === 0) {
        parts.push([]);
        room = partBytes;
      }
      const piece = chunk.subarray(start, start + room);
      parts.at(-1)!.push(piece);
      start += piece.length;
      room -= piece.length;
    }
    lastIsSmall = isSmall;
  }
  return parts;
}

/** The bytes of several parts as if they were one file; a part is opened when it is first read. */
export class PartsReader implements ByteReader {
  readonly bytes: number;
  private readonly starts: readonly number[];
  private readonly opened = new Map<StoredObject, Promise<OpenPart>>();

  /** @param name the file in errors */
  constructor(
    readonly name: string,
    private readonly parts: readonly StoredObject[],
    private readonly open: (part: StoredObject) => Promise<OpenPart>
  ) {
    let bytes = 0;
    this.starts = parts.map((part) => (bytes += part.bytes) - part.bytes);
    this.bytes = bytes;
  }

  async read(start: number, end: number): Promise<Buffer> {
    checkRange(this.name, this.bytes, start, end);
    const pieces: Buffer[] = [];
    for (const [index, part] of this.parts.entries()) {
      const offset = this.starts[index]!;
      const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, part.bytes)];
      if (from < to) pieces.push(await (await this.part(part)).read(from, to));
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  async close(): Promise<void> {
    for (const part of await Promise.allSettled(this.opened.values())) {
      if (part.status === 'fulfilled') await part.value.close();
    }
  }

  private part(part: StoredObject): Promise<OpenPart> {
    const opened = this.opened.get(part) ?? this.open(part);
    this.opened.set(part, opened);
    return opened;
  }
}
