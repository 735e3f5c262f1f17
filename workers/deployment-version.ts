import type { WorkerDeploymentVersion } from '@temporalio/common';
import { UsageError } from '../matching/errors';
import { programBuildId } from './build-id';

/** What a command line says about the version of a worker; it wins over the environment. */
export interface VersionChoice {
  /** Name of a Worker Deployment of Temporal. */
  readonly deployment?: string | undefined;
  readonly buildId?: string | undefined;
}

/**
 * The Worker Deployment Version that a worker takes work for: what was chosen, else `TEMPORAL_DEPLOYMENT_NAME` and
 * `TEMPORAL_WORKER_BUILD_ID`, as Temporal's Worker Controller sets them; the build is that of this program by default.
 * Null without a deployment: then the worker takes any work. Variables that are empty count as unset.
 *
 * @throws UsageError when a name cannot be used, or a build is given without a deployment
 */
export function deploymentVersion(
  choice: VersionChoice,
  env: NodeJS.ProcessEnv = process.env
): WorkerDeploymentVersion | null {
  const deploymentName = choice.deployment ?? setting(env.TEMPORAL_DEPLOYMENT_NAME);
  const buildId = choice.buildId ?? setting(env.TEMPORAL_WORKER_BUILD_ID);
  if (deploymentName === undefined) {
    if (buildId === undefined) return null;
    throw new UsageError('a build belongs to a deployment', {
      ...{ field: '--build-id', found: buildId, expected: 'the name of a deployment too' },
      remedy: 'Give --deployment or set TEMPORAL_DEPLOYMENT_NAME, or leave the build out.',
    });
  }
  checkDeploymentName(deploymentName, '--deployment');
  if (buildId !== undefined) checkName(buildId, '--build-id', BUILD_ID, 'up to 63 letters, digits, -, _ and .');
  return { deploymentName, buildId: buildId ?? programBuildId() };
}

/** @throws UsageError when `found` cannot be the name of a Worker Deployment */
export function checkDeploymentName(found: string, field: string): void {
  checkName(found, field, DEPLOYMENT_NAME, 'up to 200 letters, digits, -, _ and /');
}

/** Temporal allows neither dots nor colons; its Worker Controller calls a deployment `<namespace>/<name>`. */
const DEPLOYMENT_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_/]{0,198}[A-Za-z0-9])?$/;
/** As the value of a label of Kubernetes may be. */
const BUILD_ID = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function checkName(found: string, field: string, pattern: RegExp, expected: string): void {
  if (!pattern.test(found)) throw new UsageError('not a name for a version of workers', { field, found, expected });
}

const setting = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
