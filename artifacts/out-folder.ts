import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { isPairCheckpoint } from './layout';
import { readManifest } from './manifest';
import { checkWritable } from './store/check-writable';
import { fileError } from './store/file-errors';
import { openStore } from './store/open-store';
import { isTemporaryName } from './store/temporary-file';
import { EnvironmentError, SaeMatchError, UsageError } from '../matching/errors';

/**
 * Finds out whether a folder can be written to, or created, before work is done for it. Leaves nothing behind, also when
 * the input is refused afterwards. A bucket is written to for that, a folder is only looked at.
 *
 * @throws EnvironmentError
 * @throws UnavailableError when a bucket does not answer
 */
export async function checkFolder(out: string): Promise<void> {
  if (!isAbsolute(out)) return checkWritable(openStore(out));
  const existing = nearestExisting(out);
  if (!statSync(existing).isDirectory()) {
    throw new EnvironmentError('the results cannot be written here', {
      file: out,
      field: '--out',
      found: `the file ${existing}`,
      expected: 'a folder, or a place for a new one',
      remedy: 'Choose another folder.',
    });
  }
  trying('write', `${out}/`, () => {
    accessSync(existing, constants.W_OK | constants.X_OK);
  });
}

/**
 * Checks that a folder is empty, or holds what an earlier `pair` wrote. What unfinished writes leave does not count.
 *
 * @throws UsageError
 */
export async function checkOwn(out: string): Promise<void> {
  const names = isAbsolute(out) ? namesIn(out) : await openStore(out).list('');
  const foreign = names.filter((name) => !isTemporaryName(name) && !isPairCheckpoint(name));
  if (foreign.length === 0) return;
  try {
    if ((await readManifest(openStore(out), 'manifest.json')).kind === 'pair') return;
  } catch (error) {
    if (!(error instanceof SaeMatchError)) throw error;
  }
  throw new UsageError('the folder is not empty and not of an earlier pair', {
    file: out,
    field: '--out',
    found: foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? ', …' : ''),
    expected: 'an empty or new folder',
    remedy: 'Choose another folder, or pass --force.',
  });
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? trying('list', folder, () => readdirSync(folder)) : [];
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function trying<T>(action: string, path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw fileError(error, action, path);
  }
}
