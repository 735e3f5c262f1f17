import { resolve } from 'node:path';
import { refuseSecrets } from './refuse-secrets';

/**
 * An absolute path; URLs are left alone, but for slashes at the end of a place in a bucket.
 *
 * @throws UsageError when a URL has a password or a query in it
 */
export function absolute(location: string, folder: string): string {
  refuseSecrets(location);
  if (!isUrl(location)) return resolve(folder, location);
  return /^gs:/i.test(location) ? location.replace(/\/+$/, '') : location;
}

export function isUrl(location: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(location);
}
