import type { RunSpec } from '../../workflows/run-types';
import type { Output } from '../output';
import { noSuchRun, resolveRunArgument } from '../run-argument';
import type { RunReference } from '../run-argument';
import { describeRun, requestOf } from '../runs';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import { parseDuration } from '../spec/parse-duration';
import { parseBytes } from '../../transport/parse-bytes';
import type { AddVerb } from '../verb';
import { DEFAULT_PARALLEL, parseParallel } from '../spec/parse-parallel';
import { carryOut, DEADLINE_FLAG, DEADLINE_HELP, PARALLEL_FLAG, PARALLEL_HELP } from './run';

interface ResumeFlags extends ServerFlags {
  readonly out?: string;
  readonly memoryBudget?: string;
  readonly deadline?: string;
  readonly parallel?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

export const addResume: AddVerb = (program, action) =>
  withServerFlags(program.command('resume'))
    .summary('go on with a run that was interrupted or failed in part')
    .description(
      'Computes what is missing and nothing else: folded layers and matched pairs that are in the store are re-used.\n' +
        'A run that is still going on is attached to.'
    )
    .argument('<run>', 'id of a run, or its folder')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--memory-budget <size>', 'memory a process may use, such as 4GiB')
    .option(DEADLINE_FLAG, DEADLINE_HELP)
    .option(PARALLEL_FLAG, PARALLEL_HELP)
    .option('--detach', 'leave when the run has started')
    .option('--json', 'print the outcome as JSON')
    .addHelpText('after', '\nExamples:\n  sae-match resume 3f9a0c1b2d4e\n  sae-match resume results/runs/3f9a0c1b2d4e')
    .action(action((output, argument: string, flags: ResumeFlags) => resumeVerb(output, argument, flags)));

async function resumeVerb(output: Output, argument: string, flags: ResumeFlags): Promise<number> {
  const reference = await resolveRunArgument(argument, flags.out);
  const { spec, memoryBudget } = await findRequest(reference, flags, output);
  return carryOut(
    output,
    {
      runId: reference.runId,
      spec,
      memoryBudget: flags.memoryBudget === undefined ? memoryBudget : parseBytes(flags.memoryBudget, '--memory-budget'),
      deadlineSeconds: flags.deadline === undefined ? null : parseDuration(flags.deadline, '--deadline'),
      server: serverChoice(flags),
      parallel: flags.parallel === undefined ? DEFAULT_PARALLEL : parseParallel(flags.parallel),
      detach: flags.detach ?? false,
      fresh: false,
    },
    flags.json ?? false
  );
}

/** What the run was asked to do: from its manifest, else from what the server remembers. */
async function findRequest(
  { runId, manifest, out }: RunReference,
  flags: ResumeFlags,
  output: Output
): Promise<{ spec: RunSpec; memoryBudget: number | null }> {
  if (manifest !== null) return { spec: manifest.spec as RunSpec, memoryBudget: null };
  const session = await openSession({ server: serverChoice(flags), worker: false, output });
  try {
    const description = await describeRun(session.client, runId);
    const request = description && requestOf(description);
    if (request !== null) return { spec: request.spec, memoryBudget: request.execution.memoryBudget };
  } finally {
    await session.close();
  }
  throw noSuchRun({ runId, out });
}
