import { EnvironmentError } from '../../matching/errors';

/** The folder of the cache cannot be used: full, not writable, broken. What was to be kept can still be had elsewhere. */
export class CacheDiskError extends EnvironmentError {
  constructor(
    /** Code of the system error, such as `ENOSPC`. */
    readonly code: string,
    file: string,
    cause: unknown
  ) {
    super('the download cannot be kept', {
      ...{ file, found: DISK_ERRORS[code] ?? code, cause },
      remedy: 'Free some space, or point SAE_MATCH_CACHE at a folder on a larger disk.',
    });
  }
}

/**
 * Carries out what only concerns the disk of the cache.
 *
 * @throws CacheDiskError for every system error
 */
export async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Not by class: errors of the runtime may come from another realm.
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (error instanceof CacheDiskError || typeof code !== 'string') throw error;
    throw new CacheDiskError(code, file, error);
  }
}

const DISK_ERRORS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file of this size is not allowed',
  EACCES: 'no permission to write it',
  EPERM: 'no permission to write it',
  EROFS: 'a file system that cannot be written',
  EIO: 'an error of the disk',
  ENOTDIR: 'a file where a folder is needed',
};
