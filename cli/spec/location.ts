import { resolve } from 'node:path';

/** An absolute path; URLs are left alone. */
export function absolute(location: string, folder: string): string {
  return isUrl(location) ? location : resolve(folder, location);
}

export function isUrl(location: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(location);
}
