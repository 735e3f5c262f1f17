import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { UnavailableError } from '../../matching/errors';
import { Crc32c } from '../crc32c';
import type { CacheEntry } from './cache-entry';

/** How a content differs from what its place says of it. */
export interface WrongContent {
  readonly found: string;
  readonly expected: string;
}

/** The checksums that a place states of a file, no others, added up over its content. */
export class ContentSums {
  private readonly sha256: Hash | null;
  private readonly crc32c: Crc32c | null;

  constructor(private readonly entry: CacheEntry) {
    this.sha256 = entry.sha256 === undefined ? null : createHash('sha256');
    this.crc32c = entry.crc32c === undefined ? null : new Crc32c();
  }

  update(chunk: Uint8Array): void {
    this.sha256?.update(chunk);
    this.crc32c?.update(chunk);
  }

  /** What is wrong with the content; null when nothing is. Called once, at its end. */
  wrong(): WrongContent | null {
    const { sha256, crc32c } = this.entry;
    const foundHash = this.sha256?.digest('hex');
    if (foundHash !== sha256) return { found: `SHA-256 ${foundHash!}`, expected: `SHA-256 ${sha256!}` };
    const foundSum = this.crc32c?.digest();
    return foundSum === crc32c ? null : { found: `CRC32C ${foundSum!}`, expected: `CRC32C ${crc32c!}` };
  }
}

/** What a place gives, again and again, is not what it says of the file. */
export class WrongContentError extends UnavailableError {
  constructor({ name }: Pick<CacheEntry, 'name'>, { found, expected }: WrongContent) {
    super('what arrives is not the file', {
      ...{ file: name, found, expected },
      remedy: 'Something between here and the server changes it: try again, or from another network.',
    });
  }
}

/** A content that turns out wrong is asked for so often in all. */
export const TRANSFERS = 3;
