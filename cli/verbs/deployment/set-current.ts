import { deploymentVersion } from '../../../workers/deployment-version';
import { POOLS, taskQueueOf } from '../../../workers/pools';
import { setCurrent } from '../../deployment/set-current';
import { withDeployment } from '../../deployment/with-deployment';
import type { DeploymentFlags } from '../../deployment/with-deployment';
import { parsePools } from '../../parse-pools';
import { withServerFlags } from '../../server-flags';
import { taskQueueName } from '../../session';
import { parseDuration } from '../../spec/parse-duration';
import type { AddVerb } from '../../verb';

interface SetCurrentFlags extends DeploymentFlags {
  readonly buildId?: string;
  readonly pools: string;
  readonly wait: string;
}

export const addSetCurrent: AddVerb = (deployment, action) =>
  withServerFlags(deployment.command('set-current'), 'none')
    .summary('have new runs begin with a build, once its workers are there')
    .description('Runs in progress stay with the build that they began with, until they end.')
    .argument('[name]', 'name of the deployment (default: TEMPORAL_DEPLOYMENT_NAME)')
    .option('--build-id <id>', 'the build (default: TEMPORAL_WORKER_BUILD_ID, else that of this program)')
    .option('--pools <list>', 'kinds of work that the deployment takes', POOLS.join(','))
    .option('--wait <duration>', 'how long to wait for workers of this build, such as 10m', '0s')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match deployment set-current matcher --wait 10m\n' +
        '  sae-match deployment set-current matcher --build-id 0.1.0-3f2a9c01b7de   # back to an earlier one'
    )
    .action(
      action((output, name: string | undefined, flags: SetCurrentFlags) =>
        withDeployment(output, name, flags, async (session, deployment) => {
          const { buildId } = deploymentVersion({ deployment, buildId: flags.buildId })!;
          const waitSeconds = parseDuration(flags.wait, '--wait');
          const taskQueues = parsePools(flags.pools).map((pool) => taskQueueOf(taskQueueName(), pool));
          await setCurrent(session, { deployment, buildId, taskQueues, waitSeconds });
          output.print(`build ${buildId} of ${deployment} is current: new runs begin with it`);
        })
      )
    );
