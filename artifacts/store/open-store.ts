import { fileURLToPath } from 'node:url';
import { EnvironmentError, SaeMatchError, UsageError } from '../../matching/errors';
import { parseGcsUrl } from '../../transport/gcs';
import { FileStore } from './file-store';
import { GcsStore } from './gcs-store';
import { MeteredStore } from './metered-store';
import { checkKey } from './object-key';
import type { ObjectStore } from './object-store';

/**
 * The store at a location: a local folder, as a path or a `file://` URL, or a bucket with a prefix, `gs://bucket/prefix`.
 * Nothing is read or created yet. What it reads and writes later is told to `onStoreTraffic`.
 *
 * @throws EnvironmentError when the location is on a kind of store that this version does not have
 * @throws UsageError when the location is empty or a broken URL
 */
export function openStore(location: string): ObjectStore {
  if (location.trim() === '') throw new UsageError('the location of a store is empty', { remedy: 'Name a folder' });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return new MeteredStore(new FileStore(location));
  if (scheme === 'file') return new MeteredStore(new FileStore(pathOfUrl(location)));
  if (scheme === 'gs') return new MeteredStore(openBucket(location));
  throw new EnvironmentError('this version of sae-match cannot store results there', {
    file: location,
    found: `${scheme}://`,
    expected: 'a folder or gs://<bucket>/<prefix>',
    remedy: 'Name a local or mounted folder, or a bucket of Google Cloud Storage',
  });
}

function openBucket(location: string): GcsStore {
  try {
    const { bucket, prefix } = parseGcsUrl(location);
    if (prefix !== '') checkKey(prefix);
    return new GcsStore(bucket, prefix);
  } catch (cause) {
    if (!(cause instanceof SaeMatchError)) throw cause;
    throw new UsageError('not the URL of a place in a bucket', {
      file: location,
      expected: 'gs://<bucket>/<prefix>',
      cause,
    });
  }
}

function pathOfUrl(location: string): string {
  try {
    return fileURLToPath(location);
  } catch (cause) {
    throw new UsageError('not the URL of a local folder', {
      file: location,
      expected: 'file:///path/of/folder',
      cause,
    });
  }
}
