import { InputError } from '../../matching/errors';

/** An object as it was stored. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** CRC32C of the content: four bytes big-endian, base64. */
  readonly crc32c: string;
}

export interface ObjectStat {
  readonly key: string;
  readonly bytes: number;
  readonly modified: Date;
  /** CRC32C of the content, where the store keeps it and need not read the object for it. */
  readonly crc32c?: string;
}

export interface PutOptions {
  /**
   * Create only: an object that exists with the same content is a success, one with other content an
   * ArtifactCorruptError, and it is never replaced. Otherwise an existing object is replaced at once.
   */
  readonly ifAbsent?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Where artifacts and results are kept: a folder or a bucket. Keys are names relative to it, parts separated by `/`
 * (see `checkKey`). An object appears whole or not at all: no reader ever sees a part of one.
 *
 * All methods reject with EnvironmentError when a person has to change something (permissions, space, location) and
 * with UnavailableError when the same call may succeed later.
 */
export interface ObjectStore {
  /**
   * Whether reading travels over a network, so that what is read more than once is worth keeping on this machine.
   */
  readonly isRemote: boolean;

  /**
   * Writes an object; the chunks are its content in order.
   *
   * @throws CancelledError when the signal is aborted before the object has appeared
   */
  put(key: string, chunks: Uint8Array | readonly Uint8Array[], options?: PutOptions): Promise<StoredObject>;

  /**
   * The whole content; for objects of more than 1 GiB use {@link readRange}.
   *
   * @throws ObjectNotFoundError, or ArtifactCorruptError when the store knows that it is damaged
   */
  get(key: string): Promise<Buffer>;

  /**
   * The bytes from `start` up to, not including, `end`. They are not checked: whoever reads an object in ranges compares
   * the whole with the CRC32C that was recorded for it.
   *
   * @throws ObjectNotFoundError, or ArtifactCorruptError when the object ends before `end`
   */
  readRange(key: string, start: number, end: number): Promise<Buffer>;

  /** Size and time of an object, null when there is none. */
  stat(key: string): Promise<ObjectStat | null>;

  /** All keys that start with `prefix`, in ascending order of their UTF-16 code units. */
  list(prefix: string): Promise<string[]>;

  /** Removes an object; one that does not exist is no error. */
  delete(key: string): Promise<void>;

  /**
   * Copies an object inside the store, replacing an object of the new name at once.
   *
   * @throws ObjectNotFoundError
   */
  copy(from: string, to: string): Promise<void>;

  /** Where an object is, as a user would name it: an absolute path or a `gs://` URL. The empty key names the store. */
  url(key: string): string;
}

/** There is no object of that name. */
export class ObjectNotFoundError extends InputError {
  constructor(url: string, cause?: unknown) {
    super('there is no such object in the store', { file: url, cause });
  }
}
