import { prepareVirtualEnvironment } from './virtual-environment.mjs';

/**
 * The Python that the tests compare with: `$SAE_MATCH_PYTHON`, else that of a virtual environment in `.cache/venv` with
 * the pinned packages.
 */
export async function preparePython() {
  const named = process.env.SAE_MATCH_PYTHON;
  if (named) return named;
  return prepareVirtualEnvironment({
    folder: '.cache/venv',
    requirements: 'scripts/python-requirements.txt',
    purpose: 'the tests',
    instead: ', or set SAE_MATCH_PYTHON to a Python that has the packages of scripts/python-requirements.txt',
  });
}
