import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { Failure } from './failure.mjs';
import { at } from './paths.mjs';
import { progress, runQuietly, tail } from './run.mjs';

/**
 * The Python of a virtual environment that has the packages of a file, made where it is missing or was made for others.
 *
 * @param folder of the environment, relative to the root
 * @param requirements file with the pinned packages, relative to the root
 * @param alone file with pinned packages that are installed without what they depend on; absent: none
 * @param purpose what needs it, for example `the tests`
 * @param instead what else a person can do when it cannot be made; ends the message
 */
export async function prepareVirtualEnvironment({ folder, requirements, alone, purpose, instead }) {
  const python = at(`${folder}/bin/python`);
  const stamp = at(`${folder}/.requirements-sha256`);
  const files = [requirements, ...(alone === undefined ? [] : [alone])];
  const wanted = createHash('sha256');
  for (const file of files) wanted.update(readFileSync(at(file)));
  const hash = wanted.digest('hex');
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return python;

  progress(`preparing Python packages for ${purpose} (about a minute) ...`);
  rmSync(at(folder), { recursive: true, force: true });
  const venv = await runQuietly('python3', ['-m', 'venv', at(folder)]);
  if (venv.code !== 0) {
    throw new Failure(
      `${tail(venv.output, 3)}\nsae-match: Python 3.11 or later with its venv module is missing, for ${purpose}. ` +
        `Install it (Debian, Ubuntu: apt install python3-venv)${instead}.`
    );
  }
  // Without --no-compile, pip compiles thousands of modules that are never imported.
  const flags = ['--disable-pip-version-check', '--no-compile', '--only-binary=:all:'];
  for (const file of files) {
    const more = file === alone ? ['--no-deps'] : [];
    const installed = await runQuietly(python, ['-m', 'pip', 'install', ...flags, ...more, '-r', at(file)]);
    if (installed.code === 0) continue;
    throw new Failure(
      `${tail(installed.output, 5)}\nsae-match: pip could not install ${file}. Check that the Python package ` +
        `index is reachable${instead}.`
    );
  }
  writeFileSync(stamp, hash);
  return python;
}
