import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { EnvironmentError } from '../../matching/errors';
import type { Home } from '../home';
import { withLifecycleLock } from '../leases';
import { choosePort, isPortFree, requestedPort } from '../ports';
import { isAlive } from '../process-identity';
import { logTail, startBackground, stopProcess } from '../processes';
import { findTemporal, type TemporalBinary } from './find-binary';
import { isServing, keepHistory } from './server-health';
import { clearServer, findServer, lastPort, recordServer, serverName, type ServerRecord } from './server-record';

export interface EmbeddedServerOptions {
  /** Port to start on; default: `SAE_MATCH_PORT`, else the port used before. A server that runs already keeps its own. */
  readonly port?: number;
  /** Also serve Temporal's web page, on the port plus 1000. */
  readonly ui?: boolean;
  /** The program to run; default: what {@link findTemporal} finds. */
  readonly binary?: TemporalBinary;
  readonly env?: NodeJS.ProcessEnv;
  /** Receives one line before anything that takes longer than a second. */
  readonly onProgress?: (line: string) => void;
  /** How long a server may take to answer, in milliseconds; default one minute. */
  readonly readyTimeoutMs?: number;
}

export interface EmbeddedServer extends ServerRecord {
  /** Whether it ran already, under this home, or was started by this call. */
  readonly outcome: 'adopted' | 'started';
}

/**
 * Makes sure that the one embedded server of `home` runs and answers. Adopts a live one, whoever started it; else starts
 * one on the home's database in the background, where it outlives this process. Calls in any number of processes at
 * once, each of which may be killed at any moment, lead to one server.
 *
 * @throws EnvironmentError when no Temporal program can be had, the requested port is busy, or the server does not answer.
 */
export async function ensureServer(home: Home, options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const running = await withLifecycleLock(home, () => adopt(home, options));
  if (running !== undefined) return running;
  // Obtaining the program may take minutes: not under the lock that every command needs.
  const binary = options.binary ?? (await findTemporal(home, options));
  return withLifecycleLock(home, async () => (await adopt(home, options)) ?? (await start(home, binary, options)));
}

/** Ends the embedded server of `home`, if one runs; its database stays. Returns whether one ran. */
export async function stopServer(home: Home): Promise<boolean> {
  return withLifecycleLock(home, async () => {
    const record = findServer(home);
    if (record !== undefined) await stopProcess(record, 15_000);
    clearServer(home);
    return record !== undefined;
  });
}

/** The embedded server of `home` and whether it answers now; undefined when none runs. Starts and ends nothing. */
export async function serverStatus(home: Home): Promise<(ServerRecord & { serving: boolean }) | undefined> {
  const record = findServer(home);
  return record === undefined ? undefined : { ...record, serving: await isServing(record.address) };
}

async function adopt(home: Home, options: EmbeddedServerOptions): Promise<EmbeddedServer | undefined> {
  const record = findServer(home);
  if (record === undefined) return undefined;
  if (await becomesReady(record, options.readyTimeoutMs ?? 60_000)) {
    await finishStart(home, record);
    return { ...record, outcome: 'adopted' };
  }
  options.onProgress?.(`the embedded server (process ${record.pid}) does not answer; starting it anew`);
  await stopProcess(record, 5_000);
  return undefined;
}

async function start(home: Home, binary: TemporalBinary, options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  options.onProgress?.('starting the embedded Temporal server');
  for (let attempt = 1; ; attempt++) {
    const record = await launch(home, binary, options);
    if (await becomesReady(record, options.readyTimeoutMs ?? 60_000)) {
      await finishStart(home, record);
      return { ...record, outcome: 'started' };
    }
    const last = logTail(record.logFile);
    await stopProcess(record, 1_000);
    // The server picks ports for its inner services by itself and can lose one of them to another program.
    if (attempt < 3 && /address already in use|can't set .* port/i.test(last)) continue;
    throw new EnvironmentError('the embedded Temporal server did not become ready', {
      file: record.logFile,
      found: last,
      remedy: 'Correct what it reports, or set TEMPORAL_ADDRESS to a running server.',
    });
  }
}

async function launch(home: Home, binary: TemporalBinary, options: EmbeddedServerOptions): Promise<ServerRecord> {
  const env = options.env ?? process.env;
  const port = await portToUse(home, options.port ?? requestedPort(env));
  const uiPort = options.ui === true ? await choosePort(`${home.dir} web page`, port + 1000) : undefined;
  discardUnfinishedDatabase(home);
  const logFile = join(home.logs, 'temporal-server.log');
  const identity = await startBackground({
    name: serverName(home),
    command: binary.path,
    args: serverArguments(databaseFile(home), port, uiPort),
    // Settings meant for clients of another server must not reach this one.
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
    cwd: home.dir,
    logFile,
  });
  const record: ServerRecord = {
    ...identity,
    address: `127.0.0.1:${port}`,
    uiAddress: uiPort === undefined ? null : `http://127.0.0.1:${uiPort}`,
    binary: binary.path,
    version: binary.version,
    logFile,
  };
  recordServer(home, record);
  return record;
}

function serverArguments(database: string, port: number, uiPort: number | undefined): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--db-filename', database],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...['--log-level', 'warn', '--log-format', 'json'],
    ...['--dynamic-config-value', 'frontend.enableServerVersionCheck=false'],
  ];
}

async function portToUse(home: Home, requested: number | undefined): Promise<number> {
  if (requested === undefined) return choosePort(home.dir, lastPort(home));
  if (await isPortFree(requested)) return requested;
  throw new EnvironmentError(`port ${requested} is busy`, {
    found: 'another program that listens on it',
    remedy:
      `End that program, or set SAE_MATCH_PORT to a free port (unset: one is chosen), or, if it is a Temporal server ` +
      `that you want to use, set TEMPORAL_ADDRESS=127.0.0.1:${requested}.`,
  });
}

async function becomesReady(record: ServerRecord, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && isAlive(record)) {
    if (await isServing(record.address)) return isAlive(record);
    await sleep(50);
  }
  return false;
}

async function finishStart(home: Home, record: ServerRecord): Promise<void> {
  if (existsSync(databaseComplete(home))) return;
  await keepHistory(record.address);
  writeFileSync(databaseComplete(home), '');
}

/**
 * A server that is killed while it creates its tables leaves a database that no later server can open. Until the first
 * server has answered, no workflow can have been stored, so nothing is lost by beginning again.
 */
function discardUnfinishedDatabase(home: Home): void {
  if (existsSync(databaseComplete(home))) return;
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(databaseFile(home) + suffix, { force: true });
}

function databaseFile(home: Home): string {
  return join(home.dir, 'temporal.db');
}

function databaseComplete(home: Home): string {
  return join(home.dir, 'temporal.db.complete');
}
