import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder for what can be fetched or computed again: `$XDG_CACHE_HOME/sae-match`, else `~/.cache/sae-match`. Creates
 * nothing.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(xdgFolder(env, 'XDG_CACHE_HOME', '.cache'), 'sae-match');
}

/** The value of one of the XDG variables, or the folder below the user's home that stands for it. */
export function xdgFolder(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  return setting(env, variable) ?? join(setting(env, 'HOME') ?? homedir(), fallback);
}

/** The value of a variable; empty is as good as unset. */
export function setting(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = env[variable];
  return value === undefined || value === '' ? undefined : value;
}
