import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setting, xdgFolder } from '../../../transport/cache-folder';

/** Address of the Hub: `$HF_ENDPOINT` names a mirror. */
export function hubEndpoint(env: NodeJS.ProcessEnv): string {
  return (setting(env, 'HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, '');
}

/**
 * The user's token for the Hub, as its own tools find it: `$HF_TOKEN`, else the file that logging in wrote
 * (`$HF_TOKEN_PATH`, else `token` in `$HF_HOME`). Null where there is none.
 */
export function hubToken(env: NodeJS.ProcessEnv): string | null {
  const given = setting(env, 'HF_TOKEN');
  if (given !== undefined) return given.trim();
  const home = setting(env, 'HF_HOME') ?? join(xdgFolder(env, 'XDG_CACHE_HOME', '.cache'), 'huggingface');
  try {
    return readFileSync(setting(env, 'HF_TOKEN_PATH') ?? join(home, 'token'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}
