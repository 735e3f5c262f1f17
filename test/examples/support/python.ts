import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

/** Folder of the scripts that users run. */
export const EXAMPLES = resolve(__dirname, '../../../examples');

/** How a Python program ended. */
export interface PythonResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Python with the packages that the examples need.
 *
 * @throws Error when `SAE_MATCH_PYTHON` does not name one
 */
export function runPython(args: readonly string[], cwd = process.cwd()): Promise<PythonResult> {
  const python = process.env.SAE_MATCH_PYTHON;
  if (python === undefined) {
    throw new Error(
      'SAE_MATCH_PYTHON is not set: it must name a Python that has the packages of scripts/python-requirements.txt. ' +
        '`npm test` makes one and sets it.'
    );
  }
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
