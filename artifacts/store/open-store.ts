import { fileURLToPath } from 'node:url';
import { EnvironmentError, UsageError } from '../../matching/errors';
import { FileStore } from './file-store';
import type { ObjectStore } from './object-store';

/**
 * The store at a location: a local folder, as a path or a `file://` URL. Nothing is read or created yet.
 *
 * @throws EnvironmentError when the location is on a kind of store that this version does not have
 * @throws UsageError when the location is empty or a broken URL
 */
export function openStore(location: string): ObjectStore {
  if (location.trim() === '') throw new UsageError('the location of a store is empty', { remedy: 'Name a folder' });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return new FileStore(location);
  if (scheme === 'file') return new FileStore(pathOfUrl(location));
  throw new EnvironmentError('this version of sae-match stores results on the file system only', {
    file: location,
    found: `${scheme}://`,
    expected: 'a folder',
    remedy: 'Name a local or mounted folder',
  });
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
