import { CancelledError } from '../../matching/errors';
import { Crc32c } from '../../transport/crc32c';
import { PATIENCE } from '../../transport/patience';
import type { Patience } from '../../transport/patience';
import { GcsBucket } from './gcs/bucket';
import { putObject } from './gcs/put-object';
import type { UploadSizes } from './gcs/put-object';
import { readPart, readWhole } from './gcs/read-object';
import { checkKey, isKey } from './object-key';
import type { ObjectStat, ObjectStore, PutOptions, StoredObject } from './object-store';

export interface GcsStoreOptions extends Partial<UploadSizes> {
  /** @default PATIENCE */
  readonly patience?: Patience;
  /** Names asked for at once by `list`. @default 1000, the most that a bucket gives */
  readonly pageSize?: number;
}

const MIB = 2 ** 20;

/**
 * Objects of a bucket of Google Cloud Storage below a prefix. Credentials are those of the environment;
 * `$STORAGE_EMULATOR_HOST` names an emulator. Faults that pass are ridden out within each call: a bucket that cannot
 * answer now, connections that break or stall, content that is damaged on its way.
 *
 * What is written carries its CRC32C, so that the bucket refuses anything else, and what the bucket says it has is
 * compared with it. `get` checks what it read in the same way; a range has no checksum: whoever reads an object in
 * ranges compares the whole with the CRC32C that was recorded for it.
 */
export class GcsStore implements ObjectStore {
  readonly isRemote = true;
  private readonly bucket: GcsBucket;
  private readonly sizes: UploadSizes;
  private readonly pageSize: number;

  /** @param prefix without a slash at its end; empty for the whole bucket */
  constructor(
    bucket: string,
    private readonly prefix: string,
    options: GcsStoreOptions = {}
  ) {
    this.bucket = new GcsBucket(bucket, options.patience ?? PATIENCE);
    this.sizes = { smallBytes: options.smallBytes ?? 8 * MIB, chunkBytes: options.chunkBytes ?? 8 * MIB };
    this.pageSize = options.pageSize ?? 1000;
  }

  async put(key: string, chunks: Uint8Array | readonly Uint8Array[], options: PutOptions = {}): Promise<StoredObject> {
    const object = this.nameOf(key);
    const { signal, ifAbsent = false } = options;
    const parts: Uint8Array[] = [];
    const crc = new Crc32c();
    for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
      if (signal?.aborted) throw new CancelledError(`writing ${this.url(key)}`);
      crc.update(chunk);
      parts.push(chunk);
    }
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const crc32c = crc.digest();
    try {
      await putObject(this.bucket, { object, parts, bytes, crc32c, ifAbsent, signal }, this.sizes);
    } catch (error) {
      throw signal?.aborted === true ? new CancelledError(`writing ${this.url(key)}`) : error;
    }
    return { key, bytes, crc32c };
  }

  async get(key: string): Promise<Buffer> {
    return readWhole(this.bucket, this.nameOf(key));
  }

  async readRange(key: string, start: number, end: number): Promise<Buffer> {
    return readPart(this.bucket, this.nameOf(key), { start, end });
  }

  async stat(key: string): Promise<ObjectStat | null> {
    const found = await this.bucket.find(this.nameOf(key));
    return found === null ? null : { key, bytes: found.bytes, crc32c: found.crc32c, modified: found.updated };
  }

  async list(prefix: string): Promise<string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (folder !== '') checkKey(folder.slice(0, -1));
    const names = await this.bucket.names(this.root + prefix, this.pageSize);
    // Consoles mark folders by empty objects whose names end in a slash.
    return names
      .map((name) => name.slice(this.root.length))
      .filter(isKey)
      .sort();
  }

  async delete(key: string): Promise<void> {
    await this.bucket.remove(this.nameOf(key));
  }

  async copy(from: string, to: string): Promise<void> {
    await this.bucket.copy(this.nameOf(from), this.nameOf(to));
  }

  url(key: string): string {
    return this.bucket.url(key === '' ? this.prefix : this.root + key).replace(/\/$/, '');
  }

  private get root(): string {
    return this.prefix === '' ? '' : `${this.prefix}/`;
  }

  private nameOf(key: string): string {
    checkKey(key);
    return this.root + key;
  }
}
