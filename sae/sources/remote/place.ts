import type { ByteRange } from '../../../transport/resumed';
import type { SourceFile } from '../source';

/** A file of a place on another machine. */
export interface RemoteFile extends SourceFile {
  readonly version: string;
  /** CRC32C in base64, where the place states it. */
  readonly crc32c?: string;
  /** False where the place only gives whole files. */
  readonly ranges: boolean;
}

/** What a kind of place on another machine must be able to do; `RemoteSource` makes a source of it. */
export interface RemotePlace {
  readonly root: string;
  readonly pinned: string;
  readonly fullRoot: string;
  readonly namedFile: string | null;

  /** As for a source. */
  list(): Promise<readonly RemoteFile[]>;

  /**
   * Asks once for a range of exactly the version that was listed.
   *
   * @throws InputError when it is gone, changed, or may not be read
   * @throws UnavailableError when the place does not answer
   */
  fetch(file: RemoteFile, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;

  locate(path: string): string;
}
