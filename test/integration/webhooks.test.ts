import { join } from 'node:path';

import { permuted } from '../support/drifted-sae';
import { expectCode, runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';
import { startWebhookReceiver } from '../support/webhook-receiver';
import type { WebhookReceiver } from '../support/webhook-receiver';

const FEATURES = 32;
const home = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const order = Array.from({ length: FEATURES }, (_, i) => (i * 5 + 3) % FEATURES);

let receiver: WebhookReceiver;

const env = (): Record<string, string> => ({ ...home.env, ...receiver.env });
const run = (runId: string, ...flags: string[]): Promise<Finished> =>
  runProgram(['run', at('now'), '--out', at('out'), '--run-id', runId, ...flags], env());

beforeAll(async () => {
  receiver = await startWebhookReceiver();
  const saes = [1, 2].map((seed) => randomSae(seed, FEATURES, 64));
  writeLayers(at('now'), saes);
  writeLayers(at('before'), [permuted(saes[0]!, order), randomSae(9, FEATURES, 64)]);
  writeLayers(at('same'), saes);
  // The embedded server stays for the runs that follow.
  expectCode(await run('silent', '--detach'), 0);
  expectCode(await run('silent'), 0);
}, 120_000);

afterAll(async () => {
  await receiver.close();
  await home.remove();
});

describe('a run that is to be told of', () => {
  it('is told of when it has ended, again and again until the receiver takes it', async () => {
    receiver.refuse(2);
    expectCode(await run('told', '--notify'), 0);
    const [event] = await receiver.events('told', 1);
    expect(event).toMatchObject({
      type: 'run.finished',
      data: { state: 'done', location: at('out/runs/told'), pairs: { total: 1, done: 1, failed: 0 }, causes: [] },
    });
    expect(receiver.refuse()).toBe(0);
    expect(new Set(receiver.accepted.map(({ id }) => id)).size).toBe(receiver.accepted.length);
  }, 60_000);

  it('is told of once more when its layers drifted too far, with those layers', async () => {
    expectCode(await run('drifted', '--previous', at('before'), '--notify-drift', '0.5'), 0);
    const [drift, end] = await receiver.events('drifted', 2);
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
    const [event] = await receiver.events('failed', 1);
    expect(event).toMatchObject({
      type: 'run.failed',
      data: { state: 'failed', pairs: { total: 1, done: 0, failed: 1 }, causes: [{ what: 'read' }] },
    });
    expect(receiver.eventsOf('silent')).toEqual([]);
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
