import { existsSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';

import { Failure } from './failure.mjs';
import { isFresh } from './freshness.mjs';
import { root } from './paths.mjs';
import { progress, runQuietly, tail } from './run.mjs';

/** Room for the packages, the compiled program, and one build of Temporal with Go. */
const neededBytes = 3e9;

/** Installs the packages of the lock file where they are missing or older than it. */
export async function installPackages() {
  if (isFresh('node_modules/.package-lock.json', ['package-lock.json', 'package.json'])) return;
  checkDisk(root);
  checkDisk(process.env.XDG_CACHE_HOME ?? resolve(homedir(), '.cache'));
  progress('installing packages (about a minute) ...');
  const { command, args } = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  const { code, output } = await runQuietly(command, args);
  if (code === 0) return;
  throw new Failure(
    `${tail(output)}\nsae-match: npm could not install the packages. Check that the npm registry is reachable ` +
      '(`npm ping`) and the folder is writable, and try again.'
  );
}

/** Fails when the disk of `folder`, which need not exist yet, is too full to go on. */
export function checkDisk(folder, needed = neededBytes) {
  let existing = resolve(folder);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  if (bavail * bsize >= needed) return;
  throw new Failure(
    `sae-match: the disk of ${existing} has ${gigabytes(bavail * bsize)} GB free, and the set-up needs ` +
      `${gigabytes(needed)} GB. Make room, and try again.`
  );
}

/** The npm that runs this script, else the one on PATH. */
function npm(args) {
  const script = process.env.npm_execpath;
  const own = script !== undefined && script.endsWith('npm-cli.js');
  return own ? { command: process.execPath, args: [script, ...args] } : { command: 'npm', args };
}

function gigabytes(bytes) {
  return (bytes / 1e9).toFixed(1);
}
