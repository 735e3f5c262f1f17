import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { permuted } from '../support/drifted-sae';
import { expectCode, runProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { randomSae, withValue, writeLayers } from '../support/random-sae';
import type { RandomSae } from '../support/random-sae';
import { WatchedSchedule } from '../support/watched-schedule';
import { startWebhookReceiver } from '../support/webhook-receiver';
import type { WebhookReceiver } from '../support/webhook-receiver';

/** What becomes of the checkpoints of a training, good and bad, and what is left of it when the server has forgotten the runs. */
const FEATURES = 32;
const home = createProgramHome();
const other = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const order = Array.from({ length: FEATURES }, (_, i) => (i * 5 + 3) % FEATURES);
const saes = [1, 2, 3].map((seed) => randomSae(seed, FEATURES, 64));
const broken = (sae: RandomSae): RandomSae => withValue(sae, 'W_dec', 5, NaN);
const OPTIONS = ['--marker', 'DONE', '--notify', '--notify-drift', '0.5'];
let receiver: WebhookReceiver;
let training: WatchedSchedule;
let single: WatchedSchedule;

beforeAll(async () => {
  receiver = await startWebhookReceiver();
  const env = { ...home.env, ...receiver.env };
  training = new WatchedSchedule(home, at('out'), env);
  single = new WatchedSchedule(home, at('out'), env, 'single');
  save('live/1000', saes);
  const created = await training.create(at('live'), ...OPTIONS);
  expect(created.stdout).toContain('1 checkpoint in the baseline');
  save('live/2000', [permuted(saes[0]!, order), permuted(saes[1]!, order), randomSae(9, FEATURES, 64)]);
  save('live/3000', [saes[0]!, saes[1]!, broken(saes[2]!)]);
  save('live/4000', saes.map(broken));
  save('live/5000', saes);
  truncateSync(at('live/5000/layer_1/params.npz'), 1000);
  await training.look();
  await training.done('2000', '3000', '4000');
}, 240_000);

afterAll(async () => {
  await receiver.close();
  await home.remove();
  await other.remove();
});

function save(folder: string, layers: readonly RandomSae[]): void {
  writeLayers(at(folder), layers);
  writeFileSync(at(`${folder}/DONE`), '');
}

describe('schedule show', () => {
  it('says which checkpoints were matched, in part, or not at all, and which cannot be read and why', async () => {
    const shown = await training.shown();
    expect(shown.map(({ checkpoint, state }) => [checkpoint, state])).toEqual([
      ['1000', 'baseline'],
      ['2000', 'done'],
      ['3000', 'partial'],
      ['4000', 'failed'],
      ['5000', 'unreadable'],
    ]);
    expect(shown[1]!.drift).toMatchObject({ kept: 2 * FEATURES });
    expect(shown.at(-1)!.waits_for).toContain(`${at('live/5000/layer_1/params.npz')}: the zip archive cannot be read`);
    const { stdout } = await training.command('show');
    expect(stdout).toMatch(/\n *5000 +5000 +unreadable\s/);
    expect(stdout).toContain(`\n5000 is unreadable: ${at('live/5000/layer_1/params.npz')}`);
  }, 60_000);

  it('says done of the checkpoint that could not be read, once it is whole, and compares it with the one before', async () => {
    writeLayers(at('live/5000'), saes);
    await training.look();
    const [claim] = await training.done('5000');
    expect(claim!.spec.previous!.source).toBe(at('live/4000'));
    // Nothing of step 4000 can be compared with, which fails for itself.
    expect(await training.shows('5000', 'partial')).toMatchObject({ drift: null });
  }, 120_000);

  it('says failed of a run that ended without a result, which no look starts again', async () => {
    mkdirSync(at('single'));
    await single.create(at('single'), '--marker', 'DONE', '--notify');
    save('single/10', [saes[0]!]);
    await single.look();
    const failed = await single.shows('10', 'failed');
    save('single/20', [permuted(saes[0]!, order)]);
    for (let looks = 0; looks < 2; looks++) await single.look();
    const [done] = await single.done('20');
    expect(done!.spec.previous!.source).toBe(at('single/10'));
    expect((await single.runs()).filter((id) => id === failed.run_id)).toHaveLength(1);
    expect(readFileSync(at('out/schedules/single/ended/10.json'), 'utf8')).toContain('"state": "failed"');
  }, 120_000);
});

describe('the webhook', () => {
  it('is told of the runs of a schedule as of all others', async () => {
    const ids = new Map((await training.claims()).map((claim) => [claim.checkpoint, claim.run_id]));
    const events = async (checkpoint: string, count: number): Promise<object[]> =>
      receiver.events(ids.get(checkpoint)!, count);
    expect(await events('2000', 2)).toMatchObject([
      {
        type: 'drift.exceeded',
        data: { previous: at('live/1000'), threshold: 0.5, layers: [{ layer: 2, not_kept: 1 }] },
      },
      { type: 'run.finished', data: { state: 'done', pairs: { total: 2, done: 2 } } },
    ]);
    expect(await events('3000', 1)).toMatchObject([{ type: 'run.finished', data: { state: 'partial' } }]);
    expect(await events('4000', 1)).toMatchObject([{ type: 'run.failed', data: { state: 'failed' } }]);
    const [claim] = await single.claims();
    expect(await receiver.events(claim!.run_id, 1)).toMatchObject([
      { type: 'run.failed', data: { causes: [{ message: expect.stringContaining('nothing to match') as string }] } },
    ]);
  }, 60_000);
});

describe('when the server has deleted everything that ended, as it does after its retention', () => {
  let before: Awaited<ReturnType<WatchedSchedule['shown']>>[];
  const both = () => Promise.all([training, single].map((one) => one.shown()));

  beforeAll(async () => {
    before = await both();
    expect((await training.runs()).length).toBe(6);
    expectCode(await runProgram(['stop'], home.env), 0);
    const script = join(__dirname, '../support/expire-histories.py');
    const moved = Number(execFileSync(process.env.SAE_MATCH_PYTHON!, [script, join(home.home.dir, 'temporal.db')]));
    expect(moved).toBeGreaterThanOrEqual(6);
    // Brings server and worker back, and looks at nothing.
    expectCode(await training.command('unpause'), 0);
    while ((await training.runs()).length > 0) await sleep(300);
  }, 240_000);

  it('looks start nothing a second time, and show says the same', async () => {
    await training.look();
    await single.look();
    expect(await training.runs()).toEqual([]);
    expect(await both()).toEqual(before);
  }, 120_000);

  it('the same run command reports the finished run without work', async () => {
    const [claim] = await training.claims();
    const previous = ['--previous', at('live/1000')];
    const again = await runProgram(['run', at('live/2000'), '--out', at('out'), ...previous], home.env);
    expectCode(again, 0);
    expect(again.stderr).toContain(`run ${claim!.run_id} is done already`);
    expect(await training.runs()).toEqual([]);
  }, 60_000);

  it('a new checkpoint is matched with the one before it', async () => {
    save('live/6000', saes);
    await training.look();
    const [claim] = await training.done('6000');
    expect(claim!.spec.previous!.source).toBe(at('live/5000'));
    expect(await training.runs()).toEqual([claim!.run_id]);
  }, 120_000);
});

describe('with a new server, which knows of no run', () => {
  let again: WatchedSchedule;

  beforeAll(async () => {
    again = new WatchedSchedule(other, at('out'), { ...other.env, ...receiver.env });
    const created = await again.create(at('live'), ...OPTIONS);
    expect(created.stdout).toContain('is there with these options');
  }, 120_000);

  it('looks start nothing a second time, and show says the same', async () => {
    await again.look();
    expect(await again.runs()).toEqual([]);
    expect(await again.shown()).toEqual(await training.shown());
  }, 60_000);

  it('other options of the same name are refused', async () => {
    const { code, stderr } = await again.command('create', at('live'), '--out', at('out'), '--marker', 'READY');
    expect(code).toBe(2);
    expect(stderr).toContain('marker');
  }, 60_000);
});
