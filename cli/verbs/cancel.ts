import { InputError } from '../../matching/errors';
import { resolveRunArgument } from '../run-argument';
import { stateOf } from '../run-status';
import { describeRun } from '../runs';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import type { AddVerb } from '../verb';
import { runWorkflowId } from '../../workflows/run-workflow';

interface CancelFlags extends ServerFlags {
  readonly out?: string;
}

export const addCancel: AddVerb = (program, action) =>
  withServerFlags(program.command('cancel'))
    .summary('stop a run and remove what it has not published')
    .description('Folded layers and matched pairs stay in the store, so that a later run or resume re-uses them.')
    .argument('<run>', 'id of a run, or its folder')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .addHelpText('after', '\nExamples:\n  sae-match cancel 3f9a0c1b2d4e')
    .action(
      action(async (output, argument: string, flags: CancelFlags) => {
        const { runId } = await resolveRunArgument(argument, flags.out);
        const session = await openSession({ server: serverChoice(flags), worker: true, output });
        try {
          const description = await describeRun(session.client, runId);
          if (description === null || stateOf(description) !== 'running') {
            throw new InputError('no such run is going on', {
              field: 'run',
              found: description === null ? runId : `${runId}, ${stateOf(description)}`,
              remedy: 'See sae-match list.',
            });
          }
          const handle = session.client.workflow.getHandle(runWorkflowId(runId));
          await handle.cancel();
          await handle.result().catch(() => undefined);
          output.print(`run ${runId} cancelled`);
          return 0;
        } finally {
          await session.close();
        }
      })
    );
