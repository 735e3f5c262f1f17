import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../../matching/errors';
import type { Session } from '../session';
import { askServer } from './ask-server';
import { taskQueuesOf } from './describe-deployment';

/** A build, and what must be there before it may be current. */
export interface NextBuild {
  readonly deployment: string;
  readonly buildId: string;
  /** Task queues that its workers must have asked: a run would wait at the others. */
  readonly taskQueues: readonly string[];
  /** How long to wait for these workers. */
  readonly waitSeconds: number;
}

const LOOK_MS = 1000;

/**
 * Has new runs begin with a build, once its workers are there. Runs in progress stay with the build that they began with.
 *
 * @throws EnvironmentError when workers are missing at the end of the time, or the server refuses
 */
export async function setCurrent(session: Session, next: NextBuild): Promise<void> {
  await workersAreThere(session, next);
  const { client } = session;
  const { deployment: deploymentName, buildId } = next;
  try {
    await askServer(session, () =>
      client.workflowService.setWorkerDeploymentCurrentVersion({
        ...{ namespace: client.options.namespace, deploymentName, buildId, identity: client.options.identity },
      })
    );
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== FAILED_PRECONDITION) throw cause;
    throw new EnvironmentError('the server does not make this build current', {
      ...{ field: 'build', found: `${buildId}: ${(cause as { details?: string }).details ?? ''}`, cause },
      remedy: 'Start workers of this build for every task queue that the current build has.',
    });
  }
}

/** Code of gRPC. */
const FAILED_PRECONDITION = 9;

async function workersAreThere(session: Session, next: NextBuild): Promise<void> {
  const { deployment, buildId, taskQueues, waitSeconds } = next;
  const until = Date.now() + waitSeconds * 1000;
  for (;;) {
    const there = new Set((await taskQueuesOf(session, deployment, buildId)).map(({ name }) => name));
    const missing = taskQueues.filter((name) => !there.has(name));
    if (missing.length === 0) return;
    if (Date.now() + LOOK_MS > until) throw noWorkers(next, missing);
    await sleep(LOOK_MS);
  }
}

const noWorkers = ({ deployment, buildId }: NextBuild, missing: readonly string[]): EnvironmentError =>
  new EnvironmentError('no worker of this build takes some of the work', {
    ...{ field: `build ${buildId} of ${deployment}`, found: `nobody at task queue ${missing.join(', ')}` },
    remedy:
      'Start its workers, wait for them with --wait, or say with --pools which kinds of work this deployment takes.',
  });
