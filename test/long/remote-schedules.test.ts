import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { permuted } from '../support/drifted-sae';
import { startHubServer } from '../support/hub-server';
import type { HubServer, Repository } from '../support/hub-server';
import { expectCode, runProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { paramsNpz, randomSae } from '../support/random-sae';
import type { RandomSae } from '../support/random-sae';
import { startTestBucket } from '../support/test-bucket';
import type { TestBucket } from '../support/test-bucket';
import { WatchedSchedule } from '../support/watched-schedule';

/** Trainings that save their checkpoints in a bucket of the real emulator, and on a server of the Hub's kind. */
const FEATURES = 32;
const LAYERS = 2;
const home = createProgramHome();
const order = Array.from({ length: FEATURES }, (_, i) => (i * 5 + 3) % FEATURES);
const saes = Array.from({ length: LAYERS }, (_, layer) => randomSae(layer + 1, FEATURES, 64));
/** The same features in another order: all are kept. */
const reordered = saes.map((sae) => permuted(sae, order));
/** One layer as before, in the other every feature is new. */
const drifted = [saes[0]!, randomSae(9, FEATURES, 64)];
const ALL_KEPT = { kept: LAYERS * FEATURES, changed: 0, born: 0, died: 0 };
const HALF_NEW = { kept: FEATURES, changed: 0, born: FEATURES, died: FEATURES };

let bucket: TestBucket;
let hub: HubServer;
let env: Record<string, string>;

beforeAll(async () => {
  bucket = await startTestBucket('training');
  await bucket.emulator.upload('results', new Map());
  hub = await startHubServer({});
  env = { ...home.env, STORAGE_EMULATOR_HOST: bucket.proxy.url, HF_ENDPOINT: hub.url, HF_HOME: home.folder };
});

afterAll(async () => {
  await home.remove();
  await Promise.all([bucket.close(), hub.close()]);
});

const filesOf = (layers: readonly RandomSae[]): [string, Buffer][] =>
  layers.map((sae, layer) => [`layer_${layer}/params.npz`, paramsNpz(sae)]);

/** Saves a checkpoint below `run/`, its marker last. */
async function save(name: string, layers: readonly RandomSae[]): Promise<void> {
  const files = [...filesOf(layers), ['DONE', Buffer.alloc(0)] as const];
  await bucket.emulator.upload('training', new Map(files.map(([path, content]) => [`run/${name}/${path}`, content])));
}

/** Requests, since `start`, that list all of what the training has saved. */
function listings(start: number): number {
  const listed = bucket.proxy.requests.slice(start).filter(({ method, path }) => {
    const { pathname, searchParams } = new URL(path, 'http://bucket');
    return method === 'GET' && pathname.endsWith('/b/training/o') && searchParams.get('prefix') === 'run';
  });
  return listed.length;
}

describe('checkpoints in a bucket, with results in a bucket', () => {
  let training: WatchedSchedule;

  beforeAll(async () => {
    training = new WatchedSchedule(home, 'gs://results/deep', env);
    await save('step_1000', saes);
    await training.create('gs://training/run', '--marker', 'DONE');
  }, 120_000);

  it('are matched when they appear, each compared with the one before, and listed once a look', async () => {
    await save('step_2000', reordered);
    await save('step_3000', drifted);
    await save('step_4000', saes);
    const start = bucket.proxy.requests.length;
    await training.look();
    expect(listings(start)).toBe(1);
    const claims = await training.done('step_2000', 'step_3000', 'step_4000');
    const places = [1000, 2000, 3000, 4000].map((step) => `gs://training/run/step_${step}`);
    expect(claims.map(({ spec }) => [spec.source, spec.previous?.source])).toEqual([
      [places[1], places[0]],
      [places[2], places[1]],
      [places[3], places[2]],
    ]);
    const shown = await training.shown();
    expect(shown.map(({ state, drift }) => [state, drift])).toEqual([
      ['baseline', null],
      ['done', ALL_KEPT],
      ['done', HALF_NEW],
      ['done', HALF_NEW],
    ]);
    expect(await training.runs()).toEqual(claims.map((claim) => claim.run_id).sort());
  }, 120_000);

  it('start nothing in looks at the same time and in later ones, and those with nothing new list once as well', async () => {
    await save('step_5000', reordered);
    const start = bucket.proxy.requests.length;
    const hour = 3_600_000;
    await training.backfillLooks({ start: new Date(Date.now() - 3 * hour), end: new Date() });
    await training.looked(4);
    await training.done('step_5000');
    await training.look();
    expect(listings(start)).toBe(4);
    expect(await training.runs()).toHaveLength(4);
    expect(await training.claims()).toHaveLength(4);
  }, 120_000);

  it('of whose run a person has cancelled, is told so, is not started again by a look, and is done once resumed', async () => {
    // From the moment that its run is fixed, nothing of it can be read.
    bucket.proxy.onRequest(({ method }, body) => {
      if (method !== 'POST' || !body.includes('schedules/live/checkpoints/step_6000.json')) return;
      bucket.proxy.plan({
        kind: 'status 503',
        times: 1e9,
        matches: ({ path }) => /\/b\/training\/o\/.*step_6000/.test(path),
      });
    });
    await save('step_6000', drifted);
    await training.look();
    const { run_id: runId } = await training.shows('step_6000', 'running');
    expectCode(await runProgram(['cancel', runId!, '--out', training.out], env), 0);
    await training.shows('step_6000', 'cancelled');
    bucket.proxy.plan();
    for (let looks = 0; looks < 2; looks++) await training.look();
    expect(await training.shows('step_6000', 'cancelled')).toMatchObject({ run_id: runId });
    expectCode(await runProgram(['resume', runId!, '--out', training.out], env), 0);
    expect(await training.shows('step_6000', 'done')).toMatchObject({ run_id: runId, drift: HALF_NEW });
  }, 240_000);

  it('without a marker are listed twice, the time of a look apart, and what is half there is not taken', async () => {
    const settling = new WatchedSchedule(home, 'gs://results/deep', env, 'settling');
    await settling.create('gs://training/run', '--settle', '3s');
    await save('step_7000', saes);
    await bucket.emulator.upload('training', new Map([['run/step_8000/layer_0/params.npz', paramsNpz(saes[0]!)]]));
    const start = bucket.proxy.requests.length;
    const look = settling.look();
    while (listings(start) === 0) await sleep(20);
    await save('step_8000', reordered);
    await look;
    expect(listings(start)).toBe(2);
    expect((await settling.claims()).map(({ checkpoint }) => checkpoint)).toEqual(['step_7000']);
    await settling.look();
    const [claim] = await settling.done('step_8000');
    expect(claim!.spec.previous!.source).toBe('gs://training/run/step_7000');
  }, 120_000);
});

describe('revisions of the Hub', () => {
  const commit = (digit: number): string => String(digit).repeat(40);
  /** A repository whose commits hold these checkpoints, the last of them on the main branch, each with a tag. */
  function repository(...checkpoints: (readonly RandomSae[])[]): Repository {
    const commits = checkpoints.map((layers, i) => [commit(i + 1), new Map(filesOf(layers))] as const);
    const tags = checkpoints.map((_, i) => [`step${1000 * (i + 1)}`, commit(i + 1)] as const);
    return {
      commits: Object.fromEntries(commits),
      revisions: { main: commit(checkpoints.length), ...Object.fromEntries(tags) },
      tags: tags.map(([name]) => name),
    };
  }
  const requests = (start: number, kind: string): number =>
    hub.requests.slice(start).filter(({ url }) => url!.startsWith(`/api/models/org/model/${kind}`)).length;

  it.each([
    { place: 'hf://org/model', kind: 'refs', names: ['step1000', 'step2000', 'step3000'] },
    { place: 'hf://org/model@main', kind: 'commits', names: [1, 2, 3].map((n) => commit(n).slice(0, 12)) },
  ])(
    'of $place are matched when they appear, each compared with the one before',
    async ({ place, kind, names }) => {
      const training = new WatchedSchedule(home, join(home.folder, kind), env, kind);
      hub.add('org/model', repository(saes));
      await training.create(place);
      await training.look();
      expect(await training.claims()).toEqual([]);
      hub.add('org/model', repository(saes, reordered, drifted));
      const start = hub.requests.length;
      await training.look();
      expect(requests(start, kind)).toBe(1);
      const claims = await training.done(...names.slice(1));
      expect(claims.map(({ spec }) => [spec.source, spec.previous!.source])).toEqual([
        [`hf://org/model@${commit(2)}`, `hf://org/model@${commit(1)}`],
        [`hf://org/model@${commit(3)}`, `hf://org/model@${commit(2)}`],
      ]);
      const shown = await training.shown();
      expect(shown.map(({ checkpoint, state, drift }) => [checkpoint, state, drift])).toEqual([
        [names[0], 'baseline', null],
        [names[1], 'done', ALL_KEPT],
        [names[2], 'done', HALF_NEW],
      ]);
    },
    120_000
  );
});
