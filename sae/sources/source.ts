/** A file of a source. */
export interface SourceFile {
  /** Path relative to the source's root, with `/` between components on every platform. */
  readonly path: string;
  readonly bytes: number;
}

/** Bytes `[start, end)` of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A place that SAEs are read from: a folder, a file, and later a bucket or a model hub. */
export interface SaeSource {
  /** The location as the user gave it. */
  readonly root: string;
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

  /** Exactly the bytes of `range`, or the whole file. @throws InputError when they cannot be read. */
  read(path: string, range?: ByteRange): Promise<Buffer>;

  /** The whole file in chunks, never all of it in memory. @throws InputError when it cannot be read. */
  stream(path: string): AsyncIterable<Buffer>;

  /** Full name of a file for messages. */
  locate(path: string): string;
}
