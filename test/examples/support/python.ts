import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import type { Finished } from '../../support/program';

/** Folder of the scripts that users run. */
export const EXAMPLES = resolve(__dirname, '../../../examples');

/** Runs Python with the packages that the examples need, as users do. */
export function runPython(args: readonly string[], cwd = process.cwd()): Promise<Finished> {
  const python = pythonProgram();
  return new Promise((fulfil, reject) => {
    execFile(python, args, { cwd }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error(`${python} cannot be run: ${error.message}`, { cause: error }));
        return;
      }
      fulfil({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/**
 * The Python that has the packages.
 *
 * @throws Error when `SAE_MATCH_PYTHON` does not name one
 */
export function pythonProgram(): string {
  const python = process.env.SAE_MATCH_PYTHON;
  if (python !== undefined) return python;
  throw new Error(
    'SAE_MATCH_PYTHON is not set: it must name a Python that has the packages of scripts/python-requirements.txt. ' +
      '`npm test` makes one and sets it.'
  );
}
