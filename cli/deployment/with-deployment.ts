import { UsageError } from '../../matching/errors';
import { configuredServer } from '../../workers/connection';
import { checkDeploymentName } from '../../workers/deployment-version';
import type { Output } from '../output';
import { serverChoice } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import { openSession } from '../session';
import type { Session } from '../session';

export type DeploymentFlags = ServerFlags;

/**
 * Carries out a verb about a deployment of a configured server; the embedded one has none.
 *
 * @param name default: `TEMPORAL_DEPLOYMENT_NAME`
 * @throws UsageError when no server or no deployment is named
 */
export async function withDeployment(
  output: Output,
  name: string | undefined,
  flags: DeploymentFlags,
  work: (session: Session, deployment: string) => Promise<void>
): Promise<number> {
  const deployment = name ?? process.env.TEMPORAL_DEPLOYMENT_NAME ?? '';
  if (deployment === '') throw noDeployment();
  checkDeploymentName(deployment, 'deployment');
  const server = serverChoice(flags);
  if (configuredServer(server) === null) {
    throw new UsageError('no Temporal server given', {
      field: '--address',
      remedy: 'Give --address or --profile, or set TEMPORAL_ADDRESS; the embedded server always has the one worker.',
    });
  }
  const session = await openSession({ server, worker: false, output });
  try {
    await work(session, deployment);
  } finally {
    await session.close();
  }
  return 0;
}

const noDeployment = (): UsageError =>
  new UsageError('no deployment of workers given', {
    ...{ field: 'name', expected: 'the name that its workers have with --deployment' },
    remedy: 'Give it, or set TEMPORAL_DEPLOYMENT_NAME.',
  });
