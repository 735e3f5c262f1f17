import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { openEmbedded } from '../infra/embedded';
import type { EmbeddedSession } from '../infra/embedded';
import { openHome } from '../infra/home';
import { ensureServer } from '../infra/temporal/embedded-server';
import type { WorkerProgram } from '../infra/worker-process';
import { CancelledError, EnvironmentError } from '../matching/errors';
import { VERSION } from '../matching/version';
import { connectClient, explainRefusal } from '../workers/connect';
import { configuredServer, plainServer } from '../workers/connection';
import type { ServerAddress, ServerChoice } from '../workers/connection';
import type { Output } from './output';

/** A verb's connection to Temporal: a configured server, or the embedded one with its worker. */
export interface Session {
  readonly client: Client;
  readonly taskQueue: string;
  /** Whether the server is the embedded one. */
  readonly embedded: boolean;
  /**
   * Carries out one short request of the server. A server that is gone fails it within seconds, where the client would
   * try again for most of a minute. Nothing is carried out any more once the session is being closed.
   *
   * @throws CancelledError when the session is being closed
   */
  call<T>(request: () => Promise<T>): Promise<T>;
  /**
   * Brings a dead embedded server or worker back; does nothing for a configured server.
   *
   * @throws EnvironmentError when the server cannot be brought back where it was
   */
  revive(): Promise<void>;
  /** Leaves; the last verb to leave the embedded server ends it unless `detach`. */
  close(options?: { detach?: boolean }): Promise<void>;
}

export interface SessionOptions {
  readonly server: ServerChoice;
  /** Whether an embedded server needs a worker beside it. */
  readonly worker: boolean;
  readonly output: Output;
}

/** Names the embedded server to its worker, to which nothing that is configured for other servers applies. */
export const EMBEDDED_SERVER_FLAG = '--embedded-server';
/** A worker that is asked to stop gets this long for what it is doing. */
const GRACE_SECONDS = 10;
/** Time limit of one request; the client repeats it until then when the server is not there. */
const CALL_MS = 4000;

/** @throws EnvironmentError when no server can be reached or started */
export async function openSession(options: SessionOptions): Promise<Session> {
  const taskQueue = taskQueueName();
  const server = configuredServer(options.server);
  if (server === null) return openEmbeddedSession(options, taskQueue);
  const client = await connect(server);
  const calls = trackCalls(client, server);
  return {
    client,
    taskQueue,
    embedded: false,
    call: calls.call,
    revive: () => Promise.resolve(),
    close: async () => {
      await calls.end();
      await client.connection.close();
    },
  };
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
  const { address } = embedded.server;
  const plain = plainServer(address);
  const client = await connect(plain).catch(async (error: unknown) => {
    await embedded.close();
    throw error;
  });
  const calls = trackCalls(client, plain);
  const revive = async (): Promise<void> => {
    const server = await ensureServer(home, serverOptions);
    if (server.address !== address) throw movedError(address, server.address);
    await embedded.reviveWorker();
  };
  return {
    client,
    taskQueue,
    embedded: true,
    call: calls.call,
    revive: () => calls.track(revive),
    close: async ({ detach = false } = {}) => {
      await calls.end();
      await client.connection.close();
      await embedded.close({ detach });
    },
  };
}

interface Calls {
  readonly call: Session['call'];
  /** Like `call`, without a time limit. */
  readonly track: Session['call'];
  /** Refuses further calls and waits for those that are under way. */
  readonly end: () => Promise<void>;
}

/**
 * Knows which calls are under way: a connection that is closed below one makes the client fail where nobody can catch
 * it, and a server that is brought back after the session was closed would be nobody's.
 */
function trackCalls(client: Client, server: ServerAddress): Calls {
  const underWay = new Set<Promise<unknown>>();
  const ending = new AbortController();
  const track: Session['call'] = async (work) => {
    ending.signal.throwIfAborted();
    const result = work();
    underWay.add(result);
    try {
      return await result;
    } catch (error) {
      ending.signal.throwIfAborted();
      throw explainRefusal(server, error) ?? error;
    } finally {
      underWay.delete(result);
    }
  };
  return {
    track,
    call: (request) => track(() => client.withDeadline(Date.now() + CALL_MS, request)),
    end: async () => {
      ending.abort(new CancelledError('the request'));
      await Promise.allSettled(underWay);
    },
  };
}

function movedError(before: string, now: string): EnvironmentError {
  return new EnvironmentError('the embedded server had to move', {
    found: now,
    expected: `${before}, which another program has taken`,
    remedy: 'Give the same command again; it goes on from here.',
  });
}

/** The worker that runs beside the embedded server: this program's own `worker` verb with every pool. */
function workerProgram(address: string, taskQueue: string): WorkerProgram {
  const main = join(__dirname, 'main.js');
  return {
    command: process.execPath,
    args: [main, 'worker', EMBEDDED_SERVER_FLAG, address, '--metrics', '127.0.0.1:0', '--grace', String(GRACE_SECONDS)],
    env: { ...process.env, SAE_MATCH_TASK_QUEUE: taskQueue },
    fingerprint: `${VERSION} ${address} ${taskQueue} ${main}`,
    graceMs: (GRACE_SECONDS + 20) * 1000,
  };
}

/** Prefix of the task queues, `SAE_MATCH_TASK_QUEUE` or `sae-match`. */
export function taskQueueName(): string {
  return process.env.SAE_MATCH_TASK_QUEUE ?? 'sae-match';
}

async function connect(server: ServerAddress): Promise<Client> {
  const connection = await connectClient(server);
  const { Client } = await import('@temporalio/client');
  return new Client({ connection, namespace: server.namespace });
}
