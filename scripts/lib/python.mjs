import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { Failure } from './failure.mjs';
import { at } from './paths.mjs';
import { progress, runQuietly, tail } from './run.mjs';

/**
 * The Python that the tests compare with: `$SAE_MATCH_PYTHON`, else that of a virtual environment in `.cache/venv` with
 * the pinned packages, made where it is missing or was made for other packages.
 */
export async function preparePython() {
  const named = process.env.SAE_MATCH_PYTHON;
  if (named) return named;
  const requirements = at('scripts/python-requirements.txt');
  const python = at('.cache/venv/bin/python');
  const stamp = at('.cache/venv/.requirements-sha256');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;

  progress('preparing Python packages for the tests (about a minute) ...');
  rmSync(at('.cache/venv'), { recursive: true, force: true });
  const venv = await runQuietly('python3', ['-m', 'venv', at('.cache/venv')]);
  if (venv.code !== 0) {
    throw new Failure(
      `${tail(venv.output, 3)}\nsae-match: the tests need Python 3.11 or later with its venv module. Install it ` +
        '(Debian, Ubuntu: apt install python3-venv), or set SAE_MATCH_PYTHON to a Python that has the packages of ' +
        'scripts/python-requirements.txt.'
    );
  }
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--only-binary=:all:', '-r', requirements];
  const installed = await runQuietly(python, pip);
  if (installed.code !== 0) {
    throw new Failure(
      `${tail(installed.output, 5)}\nsae-match: pip could not install scripts/python-requirements.txt. Check that the ` +
        'Python package index is reachable, or set SAE_MATCH_PYTHON to a Python that has these packages.'
    );
  }
  writeFileSync(stamp, wanted);
  return python;
}
