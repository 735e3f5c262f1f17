import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isPortFree } from '../../../infra/ports';
import { createCertificates } from '../../support/certificates';
import { freePort } from '../../support/free-port';
import type { TestServer } from '../../support/production-place';
import { withoutServer } from '../../support/program';
import { Service } from '../../support/service';

const PRODUCTION = resolve(__dirname, '../../../infra/temporal/production');
const NAMESPACE = 'models';
const PASSWORD = 'planted-database-password';

/** Programs that `npm run check:postgres` found or built. */
interface Programs {
  /** Folder of PostgreSQL's programs. */
  readonly SAE_MATCH_POSTGRES_BIN: string;
  readonly SAE_MATCH_TEMPORAL_SERVER: string;
  readonly SAE_MATCH_TEMPORAL_SQL_TOOL: string;
  readonly SAE_MATCH_TEMPORAL: string;
}

/**
 * Starts a Temporal server on PostgreSQL as docs/temporal-server.md says, with mutual TLS towards clients and between its
 * services, each process under a supervisor. Before all tests of a jest run; the tests find it by `SAE_MATCH_TEST_SERVER`.
 */
export default async function startProduction(): Promise<void> {
  const programs = process.env as unknown as Programs;
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-production-')));
  // The account of the database has to pass.
  chmodSync(folder, 0o755);
  const certificates = createCertificates(join(folder, 'certificates'));
  const database = { port: await freePort(), pidFile: join(folder, 'postgres.pid') };
  const postgres = startPostgres(join(folder, 'postgres'), programs.SAE_MATCH_POSTGRES_BIN, database);
  const frontend = await freeBlock();
  const { server, client, ca } = certificates;
  const settings = {
    ...{ POSTGRES_PORT: String(database.port), POSTGRES_PASSWORD: PASSWORD, FRONTEND_PORT: String(frontend) },
    ...{ NUM_HISTORY_SHARDS: '4', FRONTEND_CERT: server.cert, FRONTEND_KEY: server.key, FRONTEND_CA: ca },
    ...{ FRONTEND_CLIENT_CA: ca, FRONTEND_SERVER_NAME: 'localhost', SYSTEM_WORKER_CERT: client.cert },
    ...{ SYSTEM_WORKER_KEY: client.key, INTERNODE_CERT: server.cert, INTERNODE_KEY: server.key, INTERNODE_CA: ca },
    INTERNODE_SERVER_NAME: 'localhost',
  };
  const env = { ...withoutServer(process.env), ...settings, SQL_TOOL: programs.SAE_MATCH_TEMPORAL_SQL_TOOL };
  await patiently(() =>
    promisify(execFile)('sh', [join(PRODUCTION, 'set-up-database.sh')], { env, maxBuffer: 2 ** 26 })
  );
  const serverPid = join(folder, 'server.pid');
  const temporal = new Service({
    command: [
      programs.SAE_MATCH_TEMPORAL_SERVER,
      '--root',
      PRODUCTION,
      '--env',
      'production',
      '--allow-no-auth',
      'start',
    ],
    ...{ env, logFile: join(folder, 'server.log'), pidFile: serverPid },
  });
  const address = `localhost:${frontend}`;
  const tls = ['--tls-ca-path', ca, '--tls-cert-path', client.cert, '--tls-key-path', client.key];
  const create = ['operator', 'namespace', 'create', '--namespace', NAMESPACE, '--retention', '30d'];
  await patiently(() => promisify(execFile)(programs.SAE_MATCH_TEMPORAL, [...create, '--address', address, ...tls]));
  const found: TestServer = {
    ...{ address, namespace: NAMESPACE, certificates, serverPid, databasePid: database.pidFile },
    env: {
      ...{ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: NAMESPACE, TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca },
      ...{ TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert, TEMPORAL_TLS_CLIENT_KEY_PATH: client.key },
    },
  };
  process.env.SAE_MATCH_TEST_SERVER = join(folder, 'server.json');
  writeFileSync(process.env.SAE_MATCH_TEST_SERVER, JSON.stringify(found));
  (globalThis as { endProduction?: () => Promise<void> }).endProduction = async () => {
    await temporal.close();
    await postgres.close('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  };
}

/** A cluster of its own, run by an account that may: PostgreSQL refuses to be run by root. */
function startPostgres(folder: string, bin: string, { port, pidFile }: { port: number; pidFile: string }): Service {
  mkdirSync(folder);
  const passwordFile = `${folder}.password`;
  writeFileSync(passwordFile, PASSWORD);
  const asUser: string[] = [];
  if (process.getuid?.() === 0) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    for (const path of [folder, passwordFile]) chownSync(path, id('-u'), id('-g'));
    asUser.push('setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups');
  }
  const data = join(folder, 'data');
  const [first, ...rest] = [...asUser, join(bin, 'initdb'), '-D', data, '-U', 'temporal', '-A', 'scram-sha-256'];
  execFileSync(first, [...rest, '--pwfile', passwordFile], { stdio: 'pipe', cwd: folder });
  const flags = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  return new Service({
    command: [...asUser, join(bin, 'postgres'), ...flags] as unknown as [string, ...string[]],
    ...{ env: process.env, logFile: `${folder}.log`, pidFile },
  });
}

/** A port for the frontend with which those that its services take are free too, see the configuration. */
async function freeBlock(): Promise<number> {
  for (let port = 17_233; ; port += 400) {
    const needed = [0, 1, 2, 6].flatMap((service) => [port + service, port - 300 + service]).concat(port + 10);
    if ((await Promise.all(needed.map(isPortFree))).every(Boolean)) return port;
  }
}

/** Tries until it works: what it needs is still starting. */
async function patiently(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (tries === 120) throw error;
      await sleep(500);
    }
  }
}
