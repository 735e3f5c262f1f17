import { InputError } from '../../matching/errors';

/** Random access to the bytes of one file, wherever it lives. */
export interface ByteReader {
  /** Full name of the file, used in errors. */
  readonly name: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Exactly the bytes `[start, end)`. @throws InputError when the file is shorter. */
  read(start: number, end: number): Promise<Buffer>;
}

/** Bytes per read when a tensor is streamed; a multiple of every element size. */
export const CHUNK_BYTES = 8 << 20;

/** Chunks that are being read while the caller works on one. */
const READ_AHEAD = 2;

/** A reader over bytes that are already in memory. */
export function bufferReader(name: string, bytes: Buffer): ByteReader {
  return {
    name,
    bytes: bytes.length,
    read: (start, end) => {
      checkRange(name, bytes.length, start, end);
      return Promise.resolve(Buffer.from(bytes.subarray(start, end)));
    },
  };
}

/**
 * Reads neighbouring ranges with one request: headers of archives are a few bytes each and often lie side by side. Only
 * the last window is kept, so it is for headers, not for contents.
 */
export function withReadAhead(reader: ByteReader, windowBytes = 4096): ByteReader {
  let windowStart = 0;
  let window: Buffer = Buffer.alloc(0);
  const read = async (start: number, end: number): Promise<Buffer> => {
    if (start < windowStart || end > windowStart + window.length) {
      window = await reader.read(start, Math.max(end, Math.min(reader.bytes, start + windowBytes)));
      windowStart = start;
    }
    return window.subarray(start - windowStart, end - windowStart);
  };
  return { name: reader.name, bytes: reader.bytes, read };
}

/**
 * The bytes `[start, end)` in chunks of {@link CHUNK_BYTES}. The next chunks are being read while the caller works on the
 * current one.
 */
export async function* readChunks(reader: ByteReader, start: number, end: number): AsyncGenerator<Buffer> {
  const request = (position: number): Promise<Buffer> => {
    const pending = reader.read(position, Math.min(end, position + CHUNK_BYTES));
    // A caller that stops early never awaits the chunks that are under way; their failure is then of no interest.
    pending.catch(() => undefined);
    return pending;
  };
  const underWay: Promise<Buffer>[] = [];
  let next = start;
  while (next < end || underWay.length > 0) {
    for (; next < end && underWay.length <= READ_AHEAD; next += CHUNK_BYTES) underWay.push(request(next));
    yield await underWay.shift()!;
  }
}

/** @throws InputError when `[start, end)` is not inside a file of `bytes` bytes. */
export function checkRange(name: string, bytes: number, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= bytes) return;
  throw new InputError('the file is shorter than its header says', {
    file: name,
    found: `${bytes} bytes`,
    expected: `at least ${end} bytes`,
    remedy: 'The file is probably truncated: download or copy it again.',
  });
}
