import { join } from 'node:path';
import { withoutServer, type Finished } from './program';
import { resident, startResident } from './resident';

/** Runs `sae-match <args>` to its end. */
export type RunCommand = (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Finished>;

/**
 * Runs commands as `runProgram` does, but all in one process: to start one, and to have its code made fast, takes longer
 * than most commands do. The commands of a file wait for each other.
 */
export function residentProgram(): RunCommand {
  const commands = join(__dirname, 'resident-commands.cjs');
  const ask = resident(() => startResident(process.execPath, [commands], withoutServer(process.env)));
  return (args, env = {}) => ask({ args, env });
}
