import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { progress, runQuietly } from './run.mjs';

/** Where Debian keeps PostgreSQL's programs, a folder for each version. */
const DEBIAN = '/usr/lib/postgresql';

/**
 * Folder of PostgreSQL's programs: on PATH, else where Debian keeps them, else installed there now where this is root's
 * machine. Null where it cannot be had.
 */
export async function findPostgres() {
  const found = installed();
  if (found !== null || process.getuid?.() !== 0) return found;
  progress('installing PostgreSQL with apt-get ...');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runQuietly('apt-get', ['update', '-qq'], env);
  await runQuietly('apt-get', ['install', '-y', '--no-install-recommends', 'postgresql'], env);
  return installed();
}

function installed() {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...onPath, ...versions.map((version) => join(DEBIAN, version, 'bin'))];
  const program = folders
    .map((folder) => join(folder, 'postgres'))
    .find((file) => existsSync(file) && existsSync(join(dirname(file), 'initdb')));
  return program === undefined ? null : dirname(program);
}
