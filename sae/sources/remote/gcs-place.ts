import type { Bucket, FileMetadata } from '@google-cloud/storage' with { 'resolution-mode': 'import' };
import { InputError } from '../../../matching/errors';
import { gcsError, openGcs, parseGcsUrl, statusOf } from '../../../transport/gcs';
import { PATIENCE, patiently } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import type { ByteRange } from '../../../transport/resumed';
import type { RemoteFile, RemotePlace } from './place';

/**
 * The objects of a bucket below a prefix, each at the generation that it has now.
 *
 * @throws InputError when there is no such bucket, nothing below the prefix, or it may not be read
 * @throws UnavailableError when the bucket does not answer
 */
export async function openGcsPlace(location: string, patience: Patience = PATIENCE): Promise<RemotePlace> {
  const { bucket, prefix } = parseGcsUrl(location);
  const client = (await openGcs()).bucket(bucket);
  const objects = await list(client, prefix, location, patience);
  const isFile = objects.some(({ name }) => name === prefix);
  const folder = isFile ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : prefix === '' ? '' : `${prefix}/`;
  const inside = isFile
    ? (await list(client, folder, location, patience)).filter(({ name }) => !name.slice(folder.length).includes('/'))
    : objects.filter(({ name }) => name.startsWith(folder));
  const files = inside.filter(({ name }) => !name.endsWith('/')).map((object) => remoteFile(object, folder));
  if (files.length === 0) {
    throw new InputError('the source cannot be read', {
      ...{ file: location, found: 'no object below this prefix' },
      remedy: 'Check the address; `gcloud storage ls` shows what is there.',
    });
  }
  return new GcsPlace(location, client, folder, isFile ? prefix.slice(folder.length) : null, files);
}

class GcsPlace implements RemotePlace {
  readonly pinned: string;
  readonly fullRoot: string;

  constructor(
    readonly root: string,
    private readonly bucket: Bucket,
    private readonly folder: string,
    readonly namedFile: string | null,
    private readonly files: readonly RemoteFile[]
  ) {
    this.pinned = root;
    this.fullRoot = root;
  }

  list(): Promise<readonly RemoteFile[]> {
    return Promise.resolve(this.files);
  }

  async *fetch({ path, version }: RemoteFile, range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const generation = version.slice(GENERATION.length);
    const file = this.bucket.file(`${this.folder}${path}`, { generation });
    // Checksums are of whole objects: the whole is checked where it is kept.
    const stream = file.createReadStream({
      start: range.start,
      end: range.end - 1,
      validation: false,
      decompress: false,
    });
    const stop = (): void => void stream.destroy(new Error('stopped'));
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      // An object that was replaced is no longer there in its old generation, unless the bucket keeps versions.
      throw statusOf(error) === 404 ? gone(this.locate(path), version) : gcsError(error, this.locate(path));
    } finally {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    }
  }

  locate(path: string): string {
    const name = path === '.' ? this.folder.replace(/\/$/, '') : this.folder + path;
    return `gs://${this.bucket.name}/${name}`;
  }
}

const GENERATION = 'generation ';

async function list(
  bucket: Bucket,
  prefix: string,
  location: string,
  patience: Patience
): Promise<readonly (FileMetadata & { name: string })[]> {
  return patiently(patience, async () => {
    try {
      const [files] = await bucket.getFiles({ prefix, autoPaginate: true });
      return files.map(({ name, metadata }) => ({ ...metadata, name }));
    } catch (error) {
      throw gcsError(error, location);
    }
  });
}

function remoteFile({ name, size, generation, crc32c }: FileMetadata & { name: string }, folder: string): RemoteFile {
  return {
    path: name.slice(folder.length),
    bytes: Number(size),
    version: `${GENERATION}${String(generation)}`,
    ranges: true,
    ...(crc32c !== undefined && { crc32c }),
  };
}

function gone(file: string, version: string): InputError {
  return new InputError('the object changed or was removed since it was listed', {
    ...{ file, found: `no ${version}`, expected: version },
    remedy: 'Start again: the objects are looked at anew.',
  });
}
