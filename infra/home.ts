import { accessSync, constants, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { EnvironmentError } from '../matching/errors';
import { cacheFolder, setting, xdgFolder } from '../transport/cache-folder';

/** Where the program keeps its own state. A home belongs to one machine: process ids in it mean nothing elsewhere. */
export interface Home {
  /** State: database of the embedded server, process records, leases. Absolute, without symbolic links. */
  readonly dir: string;
  /** What can be fetched or computed again, such as the Temporal binary. */
  readonly cache: string;
  /** Log files of the background processes. */
  readonly logs: string;
}

/**
 * Opens the state home and creates its folders: `$SAE_MATCH_HOME`, else `$XDG_DATA_HOME/sae-match`, else
 * `~/.local/share/sae-match`; the cache is `$XDG_CACHE_HOME/sae-match`, else `~/.cache/sae-match`.
 *
 * @throws EnvironmentError when a folder cannot be created or written.
 */
export function openHome(env: NodeJS.ProcessEnv = process.env): Home {
  const dir = usableFolder(homeFolder(env), 'SAE_MATCH_HOME');
  return {
    dir,
    cache: usableFolder(cacheFolder(env), 'XDG_CACHE_HOME'),
    logs: usableFolder(join(dir, 'logs'), 'SAE_MATCH_HOME'),
  };
}

/** The folder {@link openHome} would use for state; creates nothing. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(setting(env, 'SAE_MATCH_HOME') ?? join(xdgFolder(env, 'XDG_DATA_HOME', '.local/share'), 'sae-match'));
}

function usableFolder(folder: string, variable: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(folder);
  } catch (cause) {
    throw new EnvironmentError('the folder cannot be written', {
      file: folder,
      found: (cause as NodeJS.ErrnoException).code ?? String(cause),
      expected: 'a folder this user can create files in',
      remedy: `Point ${variable} at a folder that you can write, or correct its permissions.`,
      cause,
    });
  }
}
