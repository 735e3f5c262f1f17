import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { crc32 } from '@node-rs/crc32';
import yauzl from 'yauzl';
import { InputError, SaeMatchError } from '../../matching/errors';
import { readChunks, withReadAhead } from './byte-reader';
import type { ByteReader } from './byte-reader';

/** One file inside a zip archive. */
export interface ZipMember {
  readonly name: string;
  /** Size after decompression; the content is refused when it has any other size. */
  readonly bytes: number;
  /** The first `count` bytes (fewer when the member is shorter). */
  readonly head: (count: number) => Promise<Buffer>;
  /** The whole content; size and checksum are verified at its end. */
  readonly content: () => AsyncIterable<Buffer>;
}

const MAX_MEMBERS = 1000;
/** Weights hardly compress: an archive that grows more than this much is not one of weights but an attack. */
const MAX_GROWTH = 16;
const GROWTH_ALLOWANCE = 16 << 20;
const INFLATE_CHUNK_BYTES = 1 << 20;

/**
 * Opens a zip archive (stored and deflated members, ZIP64) by its central directory; reads no content.
 *
 * @throws InputError when the archive is truncated or malformed, a member is encrypted, named twice or named so that it
 * would lie outside a folder, or the declared sizes are those of a zip bomb.
 */
export async function openZip(file: ByteReader): Promise<readonly ZipMember[]> {
  const reader = withReadAhead(file);
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(new ReaderAdapter(reader), reader.bytes, {
      autoClose: false,
      lazyEntries: true,
    });
    if (zip.entryCount > MAX_MEMBERS) throw refusal(file, `${zip.entryCount} members`, `at most ${MAX_MEMBERS}`);
    const members = new Map<string, ZipMember>();
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      if (members.has(entry.fileName)) throw refusal(file, `two members named ${entry.fileName}`, 'different names');
      total += entry.uncompressedSize;
      members.set(entry.fileName, memberOf(file, reader, zip, entry));
    }
    if (total > MAX_GROWTH * file.bytes + GROWTH_ALLOWANCE) {
      throw refusal(file, `${total} bytes unpacked from ${file.bytes}`, `at most ${MAX_GROWTH} times the file`);
    }
    return [...members.values()];
  } catch (error) {
    throw asInputError(error, file.name);
  }
}

function memberOf(file: ByteReader, reader: ByteReader, zip: yauzl.ZipFile, entry: yauzl.Entry): ZipMember {
  if (!entry.canDecodeFileData()) {
    throw refusal(file, `${entry.fileName} with compression method ${entry.compressionMethod}`, 'stored or deflated');
  }
  const origin = { file: file.name, field: entry.fileName };
  const stored = entry.compressionMethod === 0;
  const dataStart = async (): Promise<number> => {
    try {
      return (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart;
    } catch (error) {
      throw asInputError(error, file.name, entry.fileName);
    }
  };
  async function* unpacked(): AsyncGenerator<Buffer> {
    const start = await dataStart();
    const raw = readChunks(file, start, start + entry.compressedSize);
    yield* stored ? raw : inflate(raw, origin);
  }
  const head = async (count: number): Promise<Buffer> => {
    const start = await dataStart();
    const wanted = Math.min(count, entry.uncompressedSize);
    if (stored) return reader.read(start, start + wanted);
    const few = await reader.read(start, start + Math.min(entry.compressedSize, 2 * count + 1024));
    return firstBytes(inflate(Readable.from([few]), origin), wanted);
  };
  return {
    name: entry.fileName,
    bytes: entry.uncompressedSize,
    head,
    content: () => verified(unpacked(), entry, origin),
  };
}

/** Passes chunks through and throws when, at the end, size or CRC-32 are not those of the directory. */
async function* verified(chunks: AsyncIterable<Buffer>, entry: yauzl.Entry, origin: Origin): AsyncGenerator<Buffer> {
  let size = 0;
  let checksum = 0;
  const check = (ok: boolean, found: string, expected: string): void => {
    if (ok) return;
    const remedy = 'The file is damaged: download or copy it again.';
    throw new InputError('the content is not what the archive says', { ...origin, found, expected, remedy });
  };
  for await (const chunk of chunks) {
    size += chunk.length;
    check(
      size <= entry.uncompressedSize,
      `more than ${entry.uncompressedSize} bytes`,
      `${entry.uncompressedSize} bytes`
    );
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  check(size === entry.uncompressedSize, `${size} bytes`, `${entry.uncompressedSize} bytes`);
  check(checksum === entry.crc32, `CRC-32 ${checksum.toString(16)}`, entry.crc32.toString(16));
}

interface Origin {
  readonly file: string;
  readonly field: string;
}

async function* inflate(compressed: AsyncIterable<Buffer>, origin: Origin): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES });
  const input = Readable.from(compressed);
  input.on('error', (error) => inflater.destroy(error));
  input.pipe(inflater);
  try {
    for await (const chunk of inflater) yield chunk as Buffer;
  } catch (error) {
    throw asInputError(error, origin.file, origin.field);
  } finally {
    input.destroy();
    inflater.destroy();
  }
}

/** Stops reading as soon as `count` bytes are there, so that the rest may be missing. */
async function firstBytes(chunks: AsyncIterable<Buffer>, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= count) break;
  }
  return Buffer.concat(parts).subarray(0, count);
}

/** Lets yauzl read through a {@link ByteReader}; it never asks for streams, as contents are read directly. */
class ReaderAdapter extends yauzl.RandomAccessReader {
  constructor(private readonly reader: ByteReader) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(readChunks(this.reader, start, end));
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void
  ): void {
    this.reader.read(position, position + length).then(
      (bytes) => {
        bytes.copy(buffer, offset);
        callback(null);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)));
      }
    );
  }
}

function refusal(file: ByteReader, found: string, expected: string): InputError {
  return new InputError('the archive is refused', { file: file.name, found, expected });
}

function asInputError(error: unknown, file: string, field?: string): SaeMatchError {
  if (error instanceof SaeMatchError) return error;
  return new InputError('the zip archive cannot be read', {
    file,
    ...(field === undefined ? {} : { field }),
    found: error instanceof Error ? error.message : String(error),
    expected: 'a complete zip archive',
    remedy: 'The file is probably truncated or damaged: download or copy it again.',
    cause: error,
  });
}
