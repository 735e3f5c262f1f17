import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { LogLevel, Logger, WorkerOptions } from '@temporalio/worker';
import { createFoldActivities } from '../activities/fold-activities';
import { createIoActivities } from '../activities/io-activities';
import { createMatchActivities } from '../activities/match-activities';
import type { ActivityPorts } from '../activities/ports';
import { loadRates } from '../activities/planning/calibration-file';
import type { PlanningPlace } from '../activities/planning/predict-run';
import type { MatchPool } from '../activities/steps/match-resources';
import { runTask } from '../activities/thread/run-task';
import { onStoreTraffic } from '../artifacts/store/metered-store';
import { openStore } from '../artifacts/store/open-store';
import { homeFolder } from '../infra/home';
import { SaeMatchError, UnavailableError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { programBuildId } from './build-id';
import { connectClient, explainFailure } from './connect';
import { withoutSecrets } from './connection';
import type { ServerAddress } from './connection';
import { withAttemptFacts } from './log/attempt-interceptor';
import type { LogFormat } from './log/format-record';
import { logProcessTrouble } from './log/process-trouble';
import { createWorkerLog, workerIdentity } from './log/worker-log';
import { createMetrics } from './metrics';
import { serveMetrics } from './metrics-server';
import { taskQueueOf } from './pools';
import type { Pool } from './pools';
import { startTracing } from './tracing/worker-tracing';

export interface RunWorkerOptions {
  readonly server: ServerAddress;
  readonly taskQueue: string;
  readonly pools: readonly Pool[];
  /** Version that all pools take work for; null: they take any. */
  readonly version: WorkerDeploymentVersion | null;
  readonly resources: MatchPool;
  /** Where /metrics is served, `host:port`. */
  readonly metricsAddress: string;
  /** Label `worker_group` of every metric; null: none. */
  readonly metricsGroup: string | null;
  /** Running activities may take this long to finish after SIGTERM. */
  readonly graceSeconds: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/**
 * Runs a worker until SIGTERM or SIGINT: one Temporal worker for each pool, all in this process, one /metrics page, and one
 * log on standard error. On a signal it stops taking work, lets running activities finish for the grace time, then cancels
 * them; a cancelled or lost activity is retried elsewhere from its last artifact.
 *
 * @throws EnvironmentError when the server cannot be reached or the metrics port is taken; the log has said so
 */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const log = createWorkerLog({
    ...{ level: options.logLevel, format: options.logFormat, taskQueue: options.taskQueue },
    write: (line) => process.stderr.write(`${withoutSecrets(line, options.server)}\n`),
  });
  logProcessTrouble(log);
  try {
    await work(options, log);
    log.info('worker stopped');
  } catch (error) {
    log.error(inOneLine(error), error instanceof SaeMatchError ? { error_type: error.name } : { error });
    throw error;
  }
}

/** Messages that are quoted from libraries may have several lines. */
const inOneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');

async function work(options: RunWorkerOptions, log: Logger): Promise<void> {
  const { resources, pools, server } = options;
  const sdkMetrics = `127.0.0.1:${await freePort()}`;
  const labels: Record<string, string> = options.metricsGroup === null ? {} : { worker_group: options.metricsGroup };
  installRuntime(log, sdkMetrics, labels);
  const slots = pools.includes('match') ? resources.slots : 0;
  const build = options.version?.buildId ?? programBuildId();
  const { registry, observer } = createMetrics({ ...resources, slots, build, labels });
  // Of what happens outside of the threads of tasks, which tell of theirs themselves.
  const endTraffic = onStoreTraffic(observer.storeTraffic);
  let workers: Worker[] = [];
  const takesWork = (): boolean => workers.length > 0 && workers.every((worker) => worker.getState() === 'RUNNING');
  const metrics = await serveMetrics(options.metricsAddress, registry, sdkMetrics, takesWork);
  const connection = await connect(server);
  const tracing = await startTracing(log);
  try {
    const planningPlace = (): Promise<PlanningPlace> => placeOf(resources);
    const observed = tracing.observe(observer);
    const ports: ActivityPorts = { openStore, runTask, now: () => new Date(), observer: observed, planningPlace };
    workers = await Promise.all(
      pools.map((pool) =>
        Worker.create({
          connection,
          namespace: server.namespace,
          identity: workerIdentity(),
          sinks: tracing.sinks,
          interceptors: { activity: [withAttemptFacts] },
          shutdownGraceTime: options.graceSeconds * 1000,
          shutdownForceTime: (options.graceSeconds + 15) * 1000,
          ...versioning(options.version),
          ...poolOptions(pool, ports, options),
        })
      )
    );
    const running = workers.map((worker) => worker.run());
    const { version } = options;
    log.info('worker ready', {
      ...(version !== null && { deployment: version.deploymentName, build_id: version.buildId }),
      ...{ version: VERSION, server: server.connection.address, metrics: `http://${metrics.address}/metrics` },
      ...{ pools, devices: resources.devices, match_slots: slots, memory_budget_bytes: resources.memoryBudget },
    });
    await Promise.all(running);
  } catch (error) {
    throw isTransportError(error) ? await connectionLost(server, error) : error;
  } finally {
    endTraffic();
    await tracing.close();
    await metrics.close();
    // When one worker has failed the others still hold it; they end with the process.
    await connection.close().catch(() => undefined);
  }
}

/** This process, as if it had all matches to itself: how many workers there are nobody here knows. */
async function placeOf({ devices, slots, memoryBudget }: MatchPool): Promise<PlanningPlace> {
  const known = await loadRates(homeFolder());
  const ofOne = Math.max(1, Math.floor(slots / devices.length));
  const place = { device: devices[0]!, devices: devices.length, slots: ofOne, cores: availableParallelism() };
  return { ...known, ...place, memoryBudget: Math.floor(memoryBudget / devices.length) };
}

function poolOptions(
  pool: Pool,
  ports: ActivityPorts,
  { taskQueue, resources }: RunWorkerOptions
): Pick<
  WorkerOptions & { taskQueue: string },
  'taskQueue' | 'activities' | 'workflowBundle' | 'maxConcurrentActivityTaskExecutions' | 'maxCachedWorkflows'
> {
  const cores = availableParallelism();
  switch (pool) {
    case 'workflow':
      return {
        taskQueue: taskQueueOf(taskQueue, pool),
        workflowBundle: { codePath: workflowBundle() },
        maxCachedWorkflows: 50,
      };
    case 'io':
      return queue(taskQueue, pool, createIoActivities(ports), 8);
    case 'fold':
      return queue(taskQueue, pool, createFoldActivities(ports), cores);
    case 'match':
      return queue(taskQueue, pool, createMatchActivities(ports, resources), resources.slots);
  }
}

/** A run is carried out by one build from its start to its end, so whatever does not say otherwise is pinned to it. */
function versioning(version: WorkerDeploymentVersion | null): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (version === null) return {};
  return { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } };
}

function queue(
  taskQueue: string,
  pool: Pool,
  activities: object,
  slots: number
): { taskQueue: string; activities: object; maxConcurrentActivityTaskExecutions: number } {
  return { taskQueue: taskQueueOf(taskQueue, pool), activities, maxConcurrentActivityTaskExecutions: slots };
}

/** The workflows as bundled by the build. */
function workflowBundle(): string {
  const codePath = [join(__dirname, '../workflow-bundle.js'), join(__dirname, '../dist/workflow-bundle.js')].find(
    existsSync
  );
  if (codePath !== undefined) return codePath;
  throw new SaeMatchError('the workflow bundle is missing', { remedy: 'Run npm run build.' });
}

function installRuntime(logger: Logger, sdkMetrics: string, globalTags: Record<string, string>): void {
  Runtime.install({
    logger,
    shutdownSignals: ['SIGTERM', 'SIGINT'],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: {
        globalTags,
        prometheus: {
          bindAddress: sdkMetrics,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
  });
}

async function connect(server: ServerAddress): Promise<NativeConnection> {
  // The client says what is wrong with settings, where the worker's own connection says only that it failed.
  await (await connectClient(server)).close();
  try {
    return await NativeConnection.connect(server.connection);
  } catch (cause) {
    throw explainFailure(server, cause);
  }
}

/** By its name: the SDK keeps its class to itself. */
function isTransportError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'TransportError';
}

/** Why a connection that worked does so no more, such as a key that was revoked. */
async function connectionLost(server: ServerAddress, cause: Error): Promise<unknown> {
  try {
    await (await connectClient(server)).close();
  } catch (error) {
    return error;
  }
  return new UnavailableError('the connection to the Temporal server was lost', {
    ...{ field: server.connection.address, found: withoutSecrets(cause.message, server), cause },
    remedy: 'Start the worker again; a supervisor does so by itself.',
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
