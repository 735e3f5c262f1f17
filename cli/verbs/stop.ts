import { stopEmbedded } from '../../infra/embedded';
import { openHome } from '../../infra/home';
import type { AddVerb } from '../verb';

export const addStop: AddVerb = (program, action) =>
  program
    .command('stop')
    .summary('end the embedded server and worker')
    .description('Unfinished runs are kept and go on with the next run, resume or watch.')
    .addHelpText('after', '\nExamples:\n  sae-match stop')
    .action(
      action(async (output) => {
        const { server, worker } = await stopEmbedded(openHome());
        const stopped = [server && 'server', worker && 'worker'].filter((name) => name !== false);
        output.print(stopped.length === 0 ? 'nothing was running' : `stopped: ${stopped.join(', ')}`);
        return 0;
      })
    );
