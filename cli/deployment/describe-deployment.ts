import type { temporal } from '@temporalio/proto';
import { InputError } from '../../matching/errors';
import type { Session } from '../session';
import { askServer } from './ask-server';

/** One build of a deployment; field names as in the JSON of `deployment show`. */
export interface BuildStanding {
  readonly build_id: string;
  /**
   * What the server gives it: new runs (`current`, or a share of them: `ramping`), only what began on it (`draining`),
   * nothing any more (`drained`), or nothing yet (`inactive`).
   */
  readonly state: 'inactive' | 'current' | 'ramping' | 'draining' | 'drained';
  /** Processes that asked for its work in the last one and a half minutes. */
  readonly workers: number;
  /** Runs that go on with it. */
  readonly runs: number;
  /** Task queues that its workers have ever asked. */
  readonly task_queues: readonly string[];
}

/** What the server knows of a deployment; field names as in the JSON of `deployment show`. */
export interface DeploymentStanding {
  readonly deployment: string;
  /** Build that new runs begin with; null: workers without a version take them. */
  readonly current: string | null;
  /** The last one first. */
  readonly builds: readonly BuildStanding[];
}

type Summary = temporal.api.deployment.v1.WorkerDeploymentInfo.IWorkerDeploymentVersionSummary;

/** @throws InputError when no worker of that deployment was ever there */
export async function describeDeployment(session: Session, deployment: string): Promise<DeploymentStanding> {
  const { client } = session;
  const { namespace } = client.options;
  const request = { namespace, deploymentName: deployment };
  const { workerDeploymentInfo: info } = await orNotFound(deployment, () =>
    askServer(session, () => client.workflowService.describeWorkerDeployment(request))
  );
  const summaries = [...(info?.versionSummaries ?? [])].sort((a, b) => createdAt(b) - createdAt(a));
  const builds = await Promise.all(summaries.map((summary) => standingOf(session, deployment, summary)));
  return { deployment, current: info?.routingConfig?.currentDeploymentVersion?.buildId ?? null, builds };
}

/** Task queues that workers of a build have ever asked; none when there was no such worker. */
export async function taskQueuesOf(session: Session, deployment: string, buildId: string): Promise<TaskQueue[]> {
  const { client } = session;
  try {
    const { versionTaskQueues } = await askServer(session, () =>
      client.workflowService.describeWorkerDeploymentVersion({
        namespace: client.options.namespace,
        deploymentVersion: { deploymentName: deployment, buildId },
      })
    );
    return versionTaskQueues.map(({ name, type }) => ({ name: name!, type: type! }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

interface TaskQueue {
  readonly name: string;
  readonly type: temporal.api.enums.v1.TaskQueueType;
}

async function standingOf(session: Session, deployment: string, summary: Summary): Promise<BuildStanding> {
  const buildId = summary.deploymentVersion!.buildId!;
  const queues = await taskQueuesOf(session, deployment, buildId);
  const [workers, { count }] = await Promise.all([
    workersOf(session, deployment, buildId, queues),
    askServer(session, () =>
      session.client.workflow.count(
        `TemporalWorkerDeploymentVersion = "${deployment}:${buildId}" AND WorkflowType = "modelMatch" AND ExecutionStatus = "Running"`
      )
    ),
  ]);
  return {
    ...{ build_id: buildId, state: STATES[summary.status ?? 0] ?? 'inactive', workers, runs: count },
    task_queues: [...new Set(queues.map(({ name }) => name))].sort(),
  };
}

/** In the order of the server's `WorkerDeploymentVersionStatus`. */
const STATES: readonly BuildStanding['state'][] = ['inactive', 'inactive', 'current', 'ramping', 'draining', 'drained'];

/** A worker asks again after a minute at the latest; the server remembers it for five. */
const ASKING_SECONDS = 90;

async function workersOf(
  session: Session,
  deployment: string,
  buildId: string,
  queues: readonly TaskQueue[]
): Promise<number> {
  const { client } = session;
  const since = Date.now() / 1000 - ASKING_SECONDS;
  const identities = new Set<string>();
  await Promise.all(
    queues.map(async ({ name, type }) => {
      const { pollers } = await askServer(session, () =>
        client.workflowService.describeTaskQueue({
          ...{ namespace: client.options.namespace, taskQueue: { name }, taskQueueType: type },
        })
      );
      for (const { identity, deploymentOptions: version, lastAccessTime } of pollers) {
        const isOfBuild = version?.deploymentName === deployment && version.buildId === buildId;
        if (isOfBuild && Number(lastAccessTime?.seconds ?? 0) > since) identities.add(identity!);
      }
    })
  );
  return identities.size;
}

async function orNotFound<T>(deployment: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    throw new InputError('the server knows no such deployment of workers', {
      ...{ field: 'deployment', found: deployment, cause },
      remedy: 'Check the name and the namespace. Workers make it known: sae-match worker --deployment NAME.',
    });
  }
}

/** gRPC's NOT_FOUND. */
const isNotFound = (error: unknown): boolean => (error as { code?: unknown }).code === 5;

const createdAt = ({ createTime }: Summary): number => Number(createTime?.seconds ?? 0);
