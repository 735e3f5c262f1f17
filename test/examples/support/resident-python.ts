import { join } from 'node:path';
import type { Finished } from '../../support/program';
import { resident, startResident } from '../../support/resident';
import { pythonProgram } from './python';

/** Runs a Python script with its arguments to its end. */
export type RunScript = (args: readonly string[], cwd?: string) => Promise<Finished>;

/**
 * Runs scripts as `runPython` does, but all in one process: to load the libraries takes longer than most scripts do. The
 * scripts of a file wait for each other.
 */
export function residentPython(): RunScript {
  const scripts = join(__dirname, 'resident-scripts.py');
  const ask = resident(() => startResident(pythonProgram(), [scripts], process.env));
  return (args, cwd = process.cwd()) => ask({ args, cwd });
}
