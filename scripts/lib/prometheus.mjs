import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { at } from './paths.mjs';
import { progress } from './run.mjs';

const run = promisify(execFile);

/**
 * The folder of `prometheus` and `promtool`: `$SAE_MATCH_PROMETHEUS`, else one of PATH, else Debian's package, which is
 * unpacked into `.cache`: installing it would start a service. Undefined where there is none; then the tests that need
 * it say that they are left out.
 */
export async function preparePrometheus() {
  const unpacked = at('.cache/prometheus');
  const folders = [process.env.SAE_MATCH_PROMETHEUS, ...(process.env.PATH ?? '').split(delimiter)];
  const found = [...folders, join(unpacked, 'usr/bin')].find(
    (folder) => folder && ['prometheus', 'promtool'].every((program) => existsSync(join(folder, program)))
  );
  if (found !== undefined) return found;
  mkdirSync(at('.cache'), { recursive: true });
  const work = mkdtempSync(at('.cache/unpacking-'));
  const options = { cwd: work, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 120_000 };
  try {
    progress('fetching Prometheus, which a test lets scrape a worker');
    if (process.getuid?.() === 0) await run('apt-get', ['update', '-qq'], options);
    await run('apt-get', ['download', '-qq', 'prometheus'], options);
    const [archive] = readdirSync(work);
    await run('dpkg-deb', ['--extract', archive, 'files'], options);
    rmSync(unpacked, { recursive: true, force: true });
    renameSync(join(work, 'files'), unpacked);
    return join(unpacked, 'usr/bin');
  } catch (error) {
    progress(`Prometheus cannot be fetched (${String(error.message).split('\n')[0]})`);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
