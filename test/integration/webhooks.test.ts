import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

import { permuted } from '../support/drifted-sae';
import { expectCode, runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';

interface Event {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const FEATURES = 32;
const home = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const order = Array.from({ length: FEATURES }, (_, i) => (i * 5 + 3) % FEATURES);

/** Accepted deliveries by run, and how many of all were refused on purpose. */
const accepted: { id: string; event: Event }[] = [];
let refusals = 0;
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const headers = request.headers as Record<string, string>;
    const event = new Webhook(SECRET).verify(Buffer.concat(chunks).toString(), headers) as Event;
    if (refusals > 0) {
      refusals -= 1;
      response.writeHead(503).end();
      return;
    }
    accepted.push({ id: headers['webhook-id']!, event });
    response.writeHead(204).end();
  });
});

const env = (): Record<string, string> => ({
  ...home.env,
  SAE_MATCH_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
  SAE_MATCH_WEBHOOK_SECRET: SECRET,
});
const run = (runId: string, ...flags: string[]): Promise<Finished> =>
  runProgram(['run', at('now'), '--out', at('out'), '--run-id', runId, ...flags], env());
const eventsOf = (runId: string): Event[] =>
  accepted.flatMap(({ event }) => (event.data.run_id === runId ? [event] : []));

async function events(runId: string, count: number): Promise<Event[]> {
  while (eventsOf(runId).length < count) await sleep(50);
  return eventsOf(runId).sort((a, b) => (a.type < b.type ? -1 : 1));
}

beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const saes = [1, 2].map((seed) => randomSae(seed, FEATURES, 64));
  writeLayers(at('now'), saes);
  writeLayers(at('before'), [permuted(saes[0]!, order), randomSae(9, FEATURES, 64)]);
  writeLayers(at('same'), saes);
  // The embedded server stays for the runs that follow.
  expectCode(await run('silent', '--detach'), 0);
  expectCode(await run('silent'), 0);
}, 120_000);

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await home.remove();
});

describe('a run that is to be told of', () => {
  it('is told of when it has ended, again and again until the receiver takes it', async () => {
    refusals = 2;
    expectCode(await run('told', '--notify'), 0);
    const [event] = await events('told', 1);
    expect(event).toMatchObject({
      type: 'run.finished',
      data: { state: 'done', location: at('out/runs/told'), pairs: { total: 1, done: 1, failed: 0 }, causes: [] },
    });
    expect(refusals).toBe(0);
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(accepted.length);
  }, 60_000);

  it('is told of once more when its layers drifted too far, with those layers', async () => {
    expectCode(await run('drifted', '--previous', at('before'), '--notify-drift', '0.5'), 0);
    const [drift, end] = await events('drifted', 2);
    expect(end!.type).toBe('run.finished');
    expect(drift).toMatchObject({
      type: 'drift.exceeded',
      data: { previous: at('before'), threshold: 0.5, layers: [{ layer: 1, not_kept: 1 }] },
    });
  }, 60_000);

  it('is told of as failed when nothing could be matched', async () => {
    writeLayers(at('broken'), [randomSae(1, FEATURES, 64), Buffer.from('no archive')]);
    const args = ['run', at('broken'), '--out', at('out'), '--run-id', 'failed', '--notify'];
    expectCode(await runProgram(args, env()), 1);
    const [event] = await events('failed', 1);
    expect(event).toMatchObject({
      type: 'run.failed',
      data: { state: 'failed', pairs: { total: 1, done: 0, failed: 1 }, causes: [{ what: 'read' }] },
    });
    expect(eventsOf('silent')).toEqual([]);
  }, 60_000);
});

describe('a command that is to have a run told of', () => {
  it('says before it starts that the embedded worker has no address to tell', async () => {
    const { code, stderr } = await runProgram(
      ['run', at('now'), '--out', at('out'), '--run-id', 'untold', '--notify'],
      home.env
    );
    expect(code).toBe(1);
    expect(stderr).toContain('SAE_MATCH_WEBHOOK_URL');
    expect(stderr).not.toContain('run untold:');
  });
});
