import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../infra/home';
import { ensureServer, stopServer } from '../../infra/temporal/embedded-server';
import { createCertificates } from '../support/certificates';
import { killPrograms, runProgram, startProgram } from '../support/program';
import type { Command, Finished } from '../support/program';
import { startTlsEndpoint } from '../support/tls-endpoint';
import type { TlsEndpoint } from '../support/tls-endpoint';
import { writeSmallModel } from '../support/small-model';
import { logLines, workerReady } from '../support/worker-log';
import { startWebServer } from '../support/web-server';
import type { WebServer } from '../support/web-server';

/*
 * Secrets that can be recognised, wherever a user may put one; and a search for them in all that is said or kept by runs
 * that succeed and fail, with the log level of somebody who looks for a fault.
 */

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-secrets-')));
const certificates = createCertificates(join(folder, 'certificates'));
const state = join(folder, 'home');
const home = openHome({ ...process.env, SAE_MATCH_HOME: state });
const model = join(folder, 'model');
const out = join(folder, 'out');
const SECRETS = {
  key: 'planted-key-71ac',
  header: 'planted-header-71ac',
  token: 'hf_planted71ac',
  google: 'planted-google-71ac',
  webhook: 'planted-webhook-71ac',
  password: 'planted-password-71ac',
  query: 'planted-query-71ac',
  collector: 'planted-collector-71ac',
};
const credentials = join(folder, 'google.json');
const said: string[] = [];
let upstream: string;
/** Sees the token, and lets nobody in. */
let hub: WebServer;
/** A collector of traces that refuses them, and says the key that it got. */
let collector: WebServer;
let cloud: TlsEndpoint;
let env: Record<string, string>;
let workers: readonly [json: Command, text: Command];

beforeAll(async () => {
  hub = await startWebServer(() => (_, response) => void response.writeHead(401).end());
  collector = await startWebServer(() => ({ headers }, response) => {
    response.writeHead(401).end(`invalid key ${headers.authorization ?? ''}`);
  });
  upstream = (await ensureServer(home)).address;
  cloud = await startTlsEndpoint({
    ...{ upstream, certificate: certificates.server, clientCa: certificates.ca },
    apiKey: SECRETS.key,
  });
  writeFileSync(
    credentials,
    JSON.stringify({ type: 'authorized_user', client_id: 'x', client_secret: SECRETS.google })
  );
  env = {
    ...{ SAE_MATCH_HOME: state, SAE_MATCH_CACHE: join(folder, 'cache'), SAE_MATCH_TASK_QUEUE: 'secrets' },
    ...{ TEMPORAL_ADDRESS: cloud.address, TEMPORAL_API_KEY: SECRETS.key, TEMPORAL_GRPC_META_X_SECRET: SECRETS.header },
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
    TEMPORAL_TLS_CLIENT_CERT_DATA: readFileSync(certificates.client.cert, 'utf8'),
    TEMPORAL_TLS_CLIENT_KEY_DATA: readFileSync(certificates.client.key, 'utf8'),
    ...{ HF_TOKEN: SECRETS.token, GOOGLE_APPLICATION_CREDENTIALS: credentials, HF_ENDPOINT: hub.url },
    ...{ SAE_MATCH_WEBHOOK_SECRET: SECRETS.webhook, SAE_MATCH_DEBUG: '1' },
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRETS.collector}`,
  };
  await writeSmallModel(model, 2, 64);
  cpSync(model, join(folder, 'broken'), { recursive: true });
  truncateSync(join(folder, 'broken/layer_1/width_small/average_l0_1/params.npz'), 100);
  const startWorker = (format: string, more = {}): Command => {
    const flags = ['--log-level', 'trace', '--log-format', format, '--metrics', '127.0.0.1:0', '--grace', '1'];
    return startProgram(['worker', ...flags], { ...env, ...more });
  };
  // A header that cannot be sent, which what sends it may quote.
  const broken = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRETS.collector}%0A` };
  workers = [startWorker('json'), startWorker('text', broken)];
  await Promise.all(workers.map((worker) => worker.says('worker ready')));
}, 120_000);

afterAll(async () => {
  await killPrograms();
  await Promise.all([cloud.close(), hub.close(), collector.close()]);
  await stopServer(home);
  rmSync(folder, { recursive: true, force: true });
});

async function command(...args: string[]): Promise<Finished> {
  const finished = await runProgram(args, env);
  said.push(finished.stdout, finished.stderr);
  return finished;
}

it.each([
  ['a password', `https://user:${SECRETS.password}@127.0.0.1:1/ae.pt`],
  ['a query', `https://127.0.0.1:1/ae.pt?token=${SECRETS.query}`],
  ['a query of a page of the Hub', `https://huggingface.co/org/name/tree/main?token=${SECRETS.query}`],
])('an address with %s is refused before anything keeps it, wherever it stands', async (_, address) => {
  const spec = join(folder, 'spec.yaml');
  writeFileSync(spec, `source: ${address}\n`);
  for (const args of [
    ['run', address, '--out', out],
    ['run', spec, '--out', out],
    ['run', model, '--out', out, '--scale', address],
    ['inspect', address],
  ]) {
    const { code, stderr } = await command(...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('HF_TOKEN') as string });
  }
});

it('no secret is found in what runs say, serve, store or hand to the server', async () => {
  expect((await command('run', model, '--out', out, '--run-id', 'good')).code).toBe(0);
  expect((await command('run', join(folder, 'broken'), '--out', out, '--run-id', 'bad')).code).toBe(1);
  expect((await command('run', 'hf://org/name', '--out', out, '--run-id', 'hub')).code).toBe(1);
  expect(hub.requests[0]!.headers.authorization).toBe(`Bearer ${SECRETS.token}`);
  await command('doctor', '--json');
  await command('plan', model, '--out', out, '--json');
  await command('list', '--json', '--out', out);
  await command('status', 'bad', '--out', out, '--json');
  const page = await fetch(await workerReady(workers[0]));
  const metrics = await page.text();
  expect(metrics).toContain('sae_match_build_info');
  const histories = await historiesOf(upstream, ['sae-match/good', 'sae-match/bad', 'sae-match/hub']);
  expect(histories).toContain(model);
  for (const worker of workers) {
    worker.kill('SIGTERM');
    await worker.finished;
  }
  await stopServer(home);

  const [json, text] = workers.map((worker) => worker.said());
  const levels = logLines(json!).map(({ level }) => level);
  expect([...new Set(levels)]).toEqual(expect.arrayContaining(['trace', 'debug', 'info', 'warn']));
  // Chance decides which of them has the activity that fails.
  expect(levels.includes('error') || text!.includes('Z ERROR ')).toBe(true);
  expect(text).toMatch(/Z (DEBUG|TRACE) /);
  expect(collector.requests[0]!.headers.authorization).toBe(SECRETS.collector);
  for (const log of [json, text]) expect(log).toContain('traces are lost');
  const places: [string, Buffer][] = [
    ['output', Buffer.from(said.join('\n'))],
    ['the log in JSON', Buffer.from(json!)],
    ['the log in text', Buffer.from(text!)],
    ['/metrics', Buffer.from(metrics)],
    ['histories', Buffer.from(histories)],
    ...[out, state, join(folder, 'cache')].flatMap(filesBelow),
  ];
  expect(places.map(([name]) => name)).toEqual(
    expect.arrayContaining([join(state, 'temporal.db'), join(out, 'runs/good/manifest.json')])
  );
  const key = readFileSync(certificates.client.key, 'utf8').split('\n')[1]!;
  const found = places.flatMap(([name, content]) =>
    Object.entries({ ...SECRETS, privateKey: key }).flatMap(([secret, text]) =>
      content.includes(text) || content.includes(Buffer.from(text).toString('base64').slice(0, -4))
        ? [`${secret} in ${name}`]
        : []
    )
  );
  expect(found).toEqual([]);
  // The search finds what is there.
  expect(places.some(([, content]) => content.includes('sae-match/good'))).toBe(true);
}, 600_000);

/** Events of workflows as JSON, with what their payloads hold as text. */
async function historiesOf(address: string, ids: readonly string[]): Promise<string> {
  const { Client, Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const all = await Promise.all(ids.map((id) => client.workflow.getHandle(id).fetchHistory()));
    return all
      .map((history) => JSON.stringify(history))
      .join('\n')
      .replaceAll(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString());
  } finally {
    await connection.close();
  }
}

function filesBelow(place: string): [string, Buffer][] {
  if (!existsSync(place)) return [];
  const entries = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => {
    const file = join(entry.parentPath, entry.name);
    return [file, readFileSync(file)];
  });
}
