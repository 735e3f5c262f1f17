import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { openEmbedded } from '../infra/embedded';
import type { EmbeddedSession } from '../infra/embedded';
import { openHome } from '../infra/home';
import { memoryLimit } from '../infra/machine';
import { ensureServer } from '../infra/temporal/embedded-server';
import type { WorkerProgram } from '../infra/worker-process';
import { EnvironmentError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { configuredServer, plainServer } from '../workers/connection';
import type { ServerAddress } from '../workers/connection';
import type { Output } from './output';

/** A verb's connection to Temporal: a configured server, or the embedded one with its worker. */
export interface Session {
  readonly client: Client;
  readonly taskQueue: string;
  /** Whether the server is the embedded one. */
  readonly embedded: boolean;
  /** Brings a dead embedded server or worker back; does nothing for a configured server. */
  revive(): Promise<void>;
  /** Leaves; the last verb to leave the embedded server ends it unless `detach`. */
  close(options?: { detach?: boolean }): Promise<void>;
}

export interface SessionOptions {
  readonly address: string | undefined;
  /** Whether an embedded server needs a worker beside it. */
  readonly worker: boolean;
  readonly output: Output;
}

/** Share of the machine's memory that a process may use unless told otherwise. */
const MEMORY_SHARE = 0.7;
/** A worker that is asked to stop gets this long for what it is doing. */
const GRACE_SECONDS = 10;

/** @throws EnvironmentError when no server can be reached or started */
export async function openSession(options: SessionOptions): Promise<Session> {
  const taskQueue = taskQueueName();
  const server = configuredServer(options.address);
  if (server !== null) {
    const connection = await connect(server);
    return {
      client: new Client({ connection, namespace: server.namespace }),
      taskQueue,
      embedded: false,
      revive: () => Promise.resolve(),
      close: () => connection.close(),
    };
  }
  return openEmbeddedSession(options, taskQueue);
}

async function openEmbeddedSession({ worker, output }: SessionOptions, taskQueue: string): Promise<Session> {
  const home = openHome();
  const serverOptions = {
    onProgress: (line: string) => {
      output.note(line);
    },
  };
  const embedded: EmbeddedSession = await openEmbedded(home, {
    server: serverOptions,
    ...(worker && { worker: (address: string) => workerProgram(address, taskQueue) }),
  });
  const connection = await connect(plainServer(embedded.server.address));
  return {
    client: new Client({ connection, namespace: 'default' }),
    taskQueue,
    embedded: true,
    revive: async () => {
      await ensureServer(home, serverOptions);
      await embedded.reviveWorker();
    },
    close: async ({ detach = false } = {}) => {
      await connection.close();
      await embedded.close({ detach });
    },
  };
}

/** The worker that runs beside the embedded server: this program's own `worker` verb with every pool. */
function workerProgram(address: string, taskQueue: string): WorkerProgram {
  const main = join(__dirname, 'main.js');
  return {
    command: process.execPath,
    args: [main, 'worker', '--address', address, '--metrics', '127.0.0.1:0', '--grace', String(GRACE_SECONDS)],
    env: { ...process.env, SAE_MATCH_TASK_QUEUE: taskQueue },
    fingerprint: `${VERSION} ${address} ${taskQueue} ${main}`,
    graceMs: (GRACE_SECONDS + 20) * 1000,
  };
}

/** Prefix of the task queues, `SAE_MATCH_TASK_QUEUE` or `sae-match`. */
export function taskQueueName(): string {
  return process.env.SAE_MATCH_TASK_QUEUE ?? 'sae-match';
}

/** Bytes a process may use by default: 70 % of what the machine or its container has. */
export function defaultMemoryBudget(): number {
  return Math.floor(memoryLimit() * MEMORY_SHARE);
}

async function connect(server: ServerAddress): Promise<Connection> {
  try {
    return await Connection.connect({ ...server.connection, connectTimeout: '10s' });
  } catch (cause) {
    throw new EnvironmentError('the Temporal server cannot be reached', {
      field: 'address',
      found: server.connection.address,
      expected: 'a running server',
      remedy: 'Check --address or TEMPORAL_ADDRESS; without them an embedded server is used.',
      cause,
    });
  }
}
