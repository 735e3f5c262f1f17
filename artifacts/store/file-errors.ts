import { dirname } from 'node:path';
import { EnvironmentError, SaeMatchError, UnavailableError } from '../../matching/errors';

/** The code of a Node.js system error such as `ENOENT`; undefined for any other value. */
export function codeOf(error: unknown): string | undefined {
  // Not `instanceof Error`: errors of Node.js may come from another realm.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether a system error says that the path, or a folder on the way to it, does not exist. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Turns a system error at `path` into one that a user can act on; errors of ours and unknown ones pass unchanged.
 *
 * @param action what was tried, as in `cannot write`: `write`, `read`, `list`, `remove`
 * @param flag that names another place
 */
export function fileError(error: unknown, action: string, path: string, flag = '--out'): unknown {
  if (error instanceof SaeMatchError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const facts = { file: dirname(path), cause: error };
  const remedy = REMEDIES[code];
  if (remedy !== undefined) {
    const fitting = remedy.replace('--out', flag);
    return new EnvironmentError(`cannot ${action} ${path} (${code})`, { ...facts, remedy: fitting });
  }
  return new UnavailableError(`cannot ${action} ${path} (${code})`, facts);
}

const PERMISSION = 'Give this user the right to read and write the folder, or choose another one with --out';
const SPACE = 'Free some space on that disk, or choose a folder on another one with --out';
const NOT_A_FOLDER = 'A part of that path is a file where a folder is needed: move it away, or choose another --out';
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: 'The file system is mounted read-only: choose a folder that can be written with --out',
  ENOSPC: SPACE,
  EDQUOT: SPACE,
  EFBIG: 'The file system or a limit of this process (ulimit -f) does not allow a file of this size',
  ENOENT: 'No folder can be created there: choose another one with --out',
  ENOTDIR: NOT_A_FOLDER,
  EEXIST: NOT_A_FOLDER,
  EISDIR: 'There is a folder of that name where a file is needed: move it away, or choose another --out',
  ENAMETOOLONG: 'Choose a shorter path with --out',
  ELOOP: 'The path runs through a circle of symbolic links: choose another one with --out',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'Too many files are open on this machine',
};
