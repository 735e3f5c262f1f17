#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { SaeMatchError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { EXIT, exitCodeOfError } from './exit-codes';
import { createOutput } from './output';
import type { Action } from './verb';
import { addRun } from './verbs/run';
import { addPair } from './verbs/pair';
import { addInspect } from './verbs/inspect';
import { addStatus } from './verbs/status';
import { addWatch } from './verbs/watch';
import { addList } from './verbs/list';
import { addCancel } from './verbs/cancel';
import { addResume } from './verbs/resume';
import { addChains } from './verbs/chains';
import { addVerify } from './verbs/verify';
import { addWorker } from './verbs/worker';
import { addDoctor } from './verbs/doctor';
import { addStop } from './verbs/stop';
import { addDemo } from './verbs/demo';

const VERBS = [
  addRun,
  addPair,
  addInspect,
  addStatus,
  addWatch,
  addList,
  addCancel,
  addResume,
  addChains,
  addVerify,
  addWorker,
  addDoctor,
  addStop,
  addDemo,
];

async function main(): Promise<void> {
  const program = new Command('sae-match')
    .description('Which feature of layer A is the same feature in layer B? Certified optimal matching of SAE features.')
    .version(VERSION, '--version')
    .option('--quiet', 'print results and errors only')
    .helpCommand(false)
    .showHelpAfterError('(see --help)')
    .exitOverride();
  const action: Action =
    (verb) =>
    async (...args) => {
      process.exitCode = await verb(createOutput(program.opts<{ quiet?: boolean }>().quiet ?? false), ...args);
    };
  for (const add of VERBS) add(program, action);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

/** One sentence for the user; a stack trace only for faults of our own. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has printed its message; help and version are no errors.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  if (error instanceof SaeMatchError) process.stderr.write(`sae-match: ${error.message}\n`);
  else process.stderr.write(`sae-match: unexpected error: ${describeUnexpected(error)}\n`);
  return exitCodeOfError(error);
}

function describeUnexpected(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return process.env.SAE_MATCH_DEBUG === undefined
    ? `${error.message} (set SAE_MATCH_DEBUG=1 for details, and please report it)`
    : (error.stack ?? error.message);
}

void main().then(() => {
  // Open sockets of the Temporal client must not keep a finished command alive.
  process.exit();
});
