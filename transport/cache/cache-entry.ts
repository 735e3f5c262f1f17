import type { ByteRange } from '../resumed';

/** One version of a file, and what its place says of its content. */
export interface CacheEntry {
  /** Full name of the file, without anything secret. */
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  /** SHA-256 in hexadecimal, where it is known. */
  readonly sha256?: string;
  /** CRC32C in base64, where it is known. */
  readonly crc32c?: string;
}

/** Gives exactly the bytes of a range of one file, in chunks. */
export type FetchBytes = (range: ByteRange) => AsyncIterable<Buffer>;
