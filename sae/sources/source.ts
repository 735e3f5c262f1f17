import type { ByteRange } from '../../transport/resumed';
import type { TransferOptions } from '../../transport/transfer-options';

export type { TransferOptions };

/** A file of a source. */
export interface SourceFile {
  /** Path relative to the source's root, with `/` between components on every platform. */
  readonly path: string;
  readonly bytes: number;
  /**
   * What tells this content from other contents that the path had or will have, as the place states it, for example
   * `generation 1700000000`. Absent on this machine, where only a hash can tell.
   */
  readonly version?: string;
  /** Time of the last change in milliseconds since the epoch, on this machine. */
  readonly modified?: number;
  /** SHA-256 in hexadecimal, where the place states it. */
  readonly sha256?: string;
}

/** A place that SAEs are read from: a folder, a file, a bucket, or a repository of a model hub. */
export interface SaeSource {
  /** The location as the user gave it. */
  readonly root: string;
  /** A location that holds the same content for as long as the place can promise it: a branch becomes its commit. */
  readonly pinned: string;
  /** The location in full, whatever the working folder is: its components may name the layer. */
  readonly fullRoot: string;
  /** The one file that the location names, relative to its folder; null when it names a folder. */
  readonly namedFile: string | null;

  /**
   * All files, sorted by path. Where the location names one file: that file and its neighbours, because some formats
   * keep a configuration beside the weights.
   *
   * @throws InputError when the location does not exist or cannot be read.
   */
  list(): Promise<readonly SourceFile[]>;

  /**
   * Exactly the bytes of `range`, or the whole file.
   *
   * @throws InputError when they cannot be read, or are no longer those that were listed
   * @throws UnavailableError when the place does not answer
   */
  read(path: string, range?: ByteRange): Promise<Buffer>;

  /** The whole file in chunks, never all of it in memory. @throws InputError, UnavailableError as `read` does */
  stream(path: string): AsyncIterable<Buffer>;

  /**
   * Brings whole files to this machine before they are read, with progress and in one transfer each; does nothing where
   * they are here.
   *
   * @throws InputError, UnavailableError as `read` does; CancelledError when the signal is aborted
   */
  bringHere(paths: readonly string[], options?: TransferOptions): Promise<void>;

  /** Full name of a file for messages. */
  locate(path: string): string;
}
