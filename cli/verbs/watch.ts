import { exitCodeOfState } from '../exit-codes';
import { followRun } from '../follow-run';
import { createInterrupt } from '../interrupt';
import type { Output } from '../output';
import { noSuchRun, resolveRunArgument } from '../run-argument';
import { describeRun, findManifest, requestOf } from '../runs';
import type { RunHandle } from '../runs';
import { RunResults } from '../run-results';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import { closingLine } from '../summary';
import type { AddVerb } from '../verb';
import { runWorkflowId } from '../../workflows/run-workflow';

interface WatchFlags extends ServerFlags {
  readonly out?: string;
}

export const addWatch: AddVerb = (program, action) =>
  withServerFlags(program.command('watch'))
    .summary('follow a run until it ends')
    .description('Shows the progress of a run and ends with it, with its exit code. Ctrl-C leaves the run alone.')
    .argument('<run>', 'id of a run, or its folder')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .addHelpText('after', '\nExamples:\n  sae-match watch 3f9a0c1b2d4e')
    .action(action((output, argument: string, flags: WatchFlags) => watchVerb(output, argument, flags)));

async function watchVerb(output: Output, argument: string, flags: WatchFlags): Promise<number> {
  const { runId, out, manifest } = await resolveRunArgument(argument, flags.out);
  if (manifest !== null) {
    output.print(closingLine(new RunResults(out, manifest)));
    return exitCodeOfState(manifest.state);
  }
  const session = await openSession({ server: serverChoice(flags), worker: true, output });
  const interrupt = createInterrupt();
  try {
    const description = await describeRun(session.client, runId);
    if (description === null) {
      throw noSuchRun({ runId, out });
    }
    const handle: RunHandle = session.client.workflow.getHandle(runWorkflowId(runId));
    const outcome = await interrupt.during(followRun(session, handle, output));
    const place = requestOf(description)?.spec.out ?? out;
    const finished = await findManifest(place, runId);
    if (finished !== null) output.print(closingLine(new RunResults(place, finished)));
    return exitCodeOfState(outcome.state);
  } finally {
    interrupt.dispose();
    await session.close();
  }
}
