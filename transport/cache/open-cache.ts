import { join, resolve } from 'node:path';
import { cacheFolder, setting } from '../cache-folder';
import { parseBytes } from '../parse-bytes';
import { MachineCache } from './machine-cache';

const DEFAULT_LIMIT = '50GB';

/**
 * The cache of this machine, for downloads and for what is read from a remote store: `$SAE_MATCH_CACHE`, else `downloads` in
 * the user's cache folder; it keeps at most `$SAE_MATCH_CACHE_LIMIT` bytes, 50 GB by default.
 *
 * @throws UsageError when the limit is no size
 */
export function openCache(env: NodeJS.ProcessEnv = process.env): MachineCache {
  const { folder, limitBytes } = cacheSettings(env);
  return new MachineCache(folder, limitBytes);
}

/** Where that cache is, and what it keeps at most. @throws UsageError when the limit is no size */
export function cacheSettings(env: NodeJS.ProcessEnv = process.env): { folder: string; limitBytes: number } {
  const folder = setting(env, 'SAE_MATCH_CACHE') ?? join(cacheFolder(env), 'downloads');
  const limit = setting(env, 'SAE_MATCH_CACHE_LIMIT') ?? DEFAULT_LIMIT;
  return { folder: resolve(folder), limitBytes: parseBytes(limit, 'SAE_MATCH_CACHE_LIMIT') };
}
