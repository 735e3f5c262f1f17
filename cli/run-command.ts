import { CommanderError } from 'commander';
import { SaeMatchError } from '../matching/errors';
import { EXIT, exitCodeOfError } from './exit-codes';
import { createProgram } from './program';

/** Carries out one command line, without the name of the program; says what went wrong and returns the exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  process.exitCode = EXIT.done;
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return process.exitCode;
  } catch (error) {
    return reportError(error);
  }
}

/** One sentence for the user; a stack trace only for faults of our own. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has printed its message; help and version are no errors.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  // Messages quoted from libraries may have several lines.
  if (error instanceof SaeMatchError) process.stderr.write(`sae-match: ${error.message.replace(/\s*\n\s*/g, ' ')}\n`);
  else process.stderr.write(`sae-match: unexpected error: ${describeUnexpected(error)}\n`);
  return exitCodeOfError(error);
}

function describeUnexpected(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return process.env.SAE_MATCH_DEBUG === undefined
    ? `${error.message} (set SAE_MATCH_DEBUG=1 for details, and please report it)`
    : (error.stack ?? error.message);
}
