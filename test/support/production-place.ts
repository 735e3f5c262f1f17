import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify } from '../../infra/process-identity';
import type { ProcessIdentity } from '../../infra/process-identity';
import { connectClient } from '../../workers/connect';
import { configuredServer } from '../../workers/connection';
import type { Certificates } from './certificates';
import { killPrograms, PROGRAM, withoutServer } from './program';
import type { RunPlace } from './run-place';
import { Service } from './service';

/** A server that runs for the tests, with what it stores in, each kept alive by a supervisor. */
export interface TestServer {
  readonly address: string;
  readonly namespace: string;
  readonly certificates: Certificates;
  /** What makes a command use it. */
  readonly env: Readonly<Record<string, string>>;
  /** File with the id of the server's process. */
  readonly serverPid: string;
  /** The same of its database. */
  readonly databasePid: string;
}

/** What `npm run check:postgres` wrote about its server. */
export function readTestServer(file: string): TestServer {
  return JSON.parse(readFileSync(file, 'utf8')) as TestServer;
}

/** The process whose id a supervisor wrote down; undefined between two of its lives. */
export function processOf(pidFile: string): ProcessIdentity | undefined {
  return identify(Number(readFileSync(pidFile, 'utf8')));
}

/** Waits until a server answers to a client that has these settings. */
export async function answering(env: Readonly<Record<string, string>>): Promise<void> {
  for (;;) {
    try {
      await (await connectClient(configuredServer({}, env)!, 2000)).close();
      return;
    } catch {
      await sleep(200);
    }
  }
}

/** A place with that server and a worker of its own, which is started again whenever it ends. */
export function createProductionPlace(file: string): RunPlace & { readonly server: TestServer } {
  const server = readTestServer(file);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-run-')));
  const env = {
    ...server.env,
    SAE_MATCH_HOME: join(folder, 'home'),
    SAE_MATCH_CACHE: join(folder, 'cache'),
    SAE_MATCH_TASK_QUEUE: basename(folder),
  };
  let worker: Service | null = null;
  const startWorker = (): void => {
    worker = new Service({
      command: [process.execPath, PROGRAM, 'worker', '--metrics', '127.0.0.1:0', '--grace', '10'],
      env: { ...withoutServer(process.env), ...env },
      logFile: join(folder, 'worker.log'),
    });
  };
  return {
    ...{ server, folder, env, home: null },
    start: async () => {
      await answering(env);
      startWorker();
    },
    answers: () => answering(env),
    processes: () => ({
      server: processOf(server.serverPid),
      worker: worker?.pid === undefined ? undefined : identify(worker.pid),
    }),
    withoutWorker: async (work) => {
      await worker?.close('SIGTERM');
      try {
        return await work([]);
      } finally {
        startWorker();
      }
    },
    remove: async () => {
      await killPrograms();
      await worker?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
