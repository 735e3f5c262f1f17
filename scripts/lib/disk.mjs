import { existsSync, statfsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

import { Failure } from './failure.mjs';
import { root } from './paths.mjs';

/** Packages for Node.js and, for the tests, for Python. */
const packageBytes = 1.5e9;

/** One build of Temporal with Go, with the modules and objects that Go keeps. */
const temporalBytes = 3.5e9;

/** Fails when a disk is too full for what a first set-up stores there. */
export function checkDisk() {
  const cache = resolve(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sae-match');
  const buildsTemporal = !hasTemporal(cache);
  const sameDisk = statSync(existing(cache)).dev === statSync(root).dev;
  check(root, packageBytes + (buildsTemporal && sameDisk ? temporalBytes : 0));
  if (buildsTemporal && !sameDisk) check(existing(cache), temporalBytes);
}

function check(folder, needed) {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return;
  throw new Failure(
    `sae-match: the disk of ${folder} has ${gigabytes(bavail * bsize)} GB free, and the set-up may need ` +
      `${gigabytes(needed)} GB. Make room, and try again.`
  );
}

function hasTemporal(cache) {
  const { SAE_MATCH_TEMPORAL, TEMPORAL_ADDRESS, PATH = '' } = process.env;
  if (SAE_MATCH_TEMPORAL || TEMPORAL_ADDRESS || existsSync(join(cache, 'temporal'))) return true;
  return PATH.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, 'temporal')));
}

function existing(folder) {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

function gigabytes(bytes) {
  return (bytes / 1e9).toFixed(1);
}
