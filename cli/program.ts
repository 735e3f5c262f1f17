import { Command } from 'commander';
import { VERSION } from '../matching/version';
import { onFirstRetry } from '../transport/patience';
import { createOutput } from './output';
import type { Action } from './verb';
import { addRun } from './verbs/run';
import { addPair } from './verbs/pair';
import { addInspect } from './verbs/inspect';
import { addConvert } from './verbs/convert';
import { addStatus } from './verbs/status';
import { addWatch } from './verbs/watch';
import { addList } from './verbs/list';
import { addCancel } from './verbs/cancel';
import { addResume } from './verbs/resume';
import { addChains } from './verbs/chains';
import { addEvaluate } from './verbs/evaluate';
import { addExport } from './verbs/export';
import { addJudge } from './verbs/judge';
import { addVerify } from './verbs/verify';
import { addWorker } from './verbs/worker';
import { addGc } from './verbs/gc';
import { addPlan } from './verbs/plan';
import { addDeployment } from './verbs/deployment';
import { addDoctor } from './verbs/doctor';
import { addSchedule } from './verbs/schedule';
import { addStop } from './verbs/stop';
import { addCompletion } from './verbs/completion';
import { addDemo } from './verbs/demo';

const VERBS = [
  addRun,
  addPlan,
  addPair,
  addInspect,
  addConvert,
  addStatus,
  addWatch,
  addList,
  addCancel,
  addResume,
  addChains,
  addSchedule,
  addEvaluate,
  addExport,
  addJudge,
  addVerify,
  addGc,
  addWorker,
  addDeployment,
  addDoctor,
  addStop,
  addCompletion,
  addDemo,
];

/** The command line with every verb. Parsing rejects instead of ending the process; verbs set `process.exitCode`. */
export function createProgram(): Command {
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
      const output = createOutput(program.opts<{ quiet?: boolean }>().quiet ?? false);
      const endNotes = onFirstRetry((line) => {
        output.note(line);
      });
      try {
        process.exitCode = await verb(output, ...args);
      } finally {
        endNotes();
      }
    };
  for (const add of VERBS) add(program, action);
  for (const command of program.commands) command.exitOverride();
  return program;
}
