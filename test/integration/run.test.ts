import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { decodeMatches } from '../../artifacts/tables/matches';
import { decodePairs } from '../../artifacts/tables/pairs';
import { readState } from '../../infra/state-file';
import { PairWatch } from '../chaos/support/pair-watch';
import reference from '../references/minilm-l6.json';
import { runProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { createRunPlace } from '../support/run-place';
import { residentProgram } from '../support/resident-program';
import { readRunManifest, tableHashes } from '../support/run-folder';
import { metricsAddress } from '../support/worker-log';
import { z } from 'zod';

const home = createRunPlace();
const saes = join(home.folder, 'saes');
const SELECTION = ['--layers', '2-5', '--pairs', '2:3,3:4,4:5,2:4,5:3'];
const out = join(home.folder, 'out');
const RUN = 'chain';
const run = (...args: string[]) => runProgram(args, home.env);
const runCommand = residentProgram();
/** For commands that look at what there is, or refuse to run. */
const ask = (...args: string[]) => runCommand(args, home.env);

interface Status {
  readonly run_id: string;
  readonly state: string;
}

beforeAll(async () => {
  await home.start();
  cpSync('examples/minilm-l6', saes, { recursive: true });
  const { code, stderr } = await run('run', saes, '--out', out, ...SELECTION, '--run-id', RUN);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}, 240_000);

afterAll(() => home.remove());

describe('a run through a real Temporal server', () => {
  it('publishes every file of its manifest, with the size it states', () => {
    const manifest = readRunManifest(out, RUN);
    expect(manifest).toMatchObject({ kind: 'run', run_id: RUN, state: 'done', failures: [] });
    const names = manifest.artifacts.map(({ path }) => path);
    expect(names).toContain('matches/source=02/target=03/matches.parquet');
    expect(names).toHaveLength(5 * 3 + 2);
    for (const { path, bytes } of manifest.artifacts) {
      expect(readFileSync(join(out, 'runs', RUN, path))).toHaveLength(bytes);
    }
  });

  it('finds the optimum of every pair that scipy was asked about', async () => {
    const rows = await decodePairs(readFileSync(join(out, 'runs', RUN, 'pairs.parquet')));
    expect(rows.map((row) => `${row.source_layer!}:${row.target_layer!}`)).toEqual(['2:3', '3:4', '4:5', '2:4', '5:3']);
    for (const row of rows) {
      expect(row).toMatchObject({ status: 'done', matched: 1024, source_features: 1024 });
      expect(row.gap).toBeLessThan(1e-6);
      const known = reference[`${row.source_layer!}:${row.target_layer!}` as keyof typeof reference] as
        (typeof reference)['2:3'] | undefined;
      if (known !== undefined) expect(row.objective! / known['dec-folded'].objective).toBeCloseTo(1, 9);
    }
  });

  it('compares the direct match of distant layers with the composed one', async () => {
    const rows = await decodePairs(readFileSync(join(out, 'runs', RUN, 'pairs.parquet')));
    const first = reference['2:3']['dec-folded'].target_feature;
    const second = reference['3:4']['dec-folded'].target_feature;
    const file = join(out, 'runs', RUN, 'matches/source=02/target=04/matches.parquet');
    const { targetFeature } = await decodeMatches(readFileSync(file));
    const agreeing = first.filter((middle, i) => second[middle] === targetFeature[i]).length;
    const [row] = rows.filter(({ source_layer, target_layer }) => source_layer === 2 && target_layer === 4);
    expect(row!.composed_agreement).toBe(agreeing / 1024);
    expect(row!.composed_extra_cost).toBeGreaterThan(0);
    expect(rows.find(({ source_layer }) => source_layer === 5)!.composed_agreement).toBeNull();
  });

  it('is proved again by verify', async () => {
    const { code, stdout } = await run('verify', join(out, 'runs', RUN), '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { ok: boolean; pairs: { certificate: { ok: boolean } }[] };
    expect(result).toMatchObject({ ok: true, checksums: { ok: true }, permutation: { ok: true } });
    expect(result.pairs).toHaveLength(5);
  });

  it('shows the chain through a feature as the composed permutations say', async () => {
    const { code, stdout } = await ask('chains', RUN, '--out', out, '--feature', '2:17', '--json');
    expect(code).toBe(0);
    const third = reference['2:3']['dec-folded'].target_feature[17]!;
    const fourth = reference['3:4']['dec-folded'].target_feature[third]!;
    const fifth = reference['4:5']['dec-folded'].target_feature[fourth]!;
    const [chain] = JSON.parse(stdout) as { steps: { feature: number; description: string | null }[] }[];
    expect(chain!.steps.map(({ feature }) => feature)).toEqual([17, third, fourth, fifth]);
    expect(chain!.steps[0]!.description).not.toBeNull();
  });

  it('is reported without work when the same command comes again', async () => {
    const { timings } = readRunManifest(out, RUN);
    const { code, stderr, stdout } = await run('run', saes, '--out', out, ...SELECTION, '--run-id', RUN);
    expect(code).toBe(0);
    expect(stderr).toContain('is done already');
    expect(stdout).toContain('run chain done: 5 of 5 pairs');
    expect(readRunManifest(out, RUN).timings).toEqual(timings);
  });

  it('is made again from what is stored, without a match, by a server that knows nothing of it', async () => {
    const elsewhere = createProgramHome();
    const store = new PairWatch(out);
    try {
      const before = store.snapshot();
      expect(before.size).toBe(5);
      const plan = await runCommand(['plan', saes, '--out', out, ...SELECTION, '--json'], elsewhere.env);
      const { layers, pairs } = JSON.parse(plan.stdout) as Record<'layers' | 'pairs', { state: string }[]>;
      expect(new Set([...layers, ...pairs].map(({ state }) => state))).toEqual(new Set(['cached']));
      const again = await runProgram(['run', saes, '--out', out, ...SELECTION, '--run-id', 'again'], elsewhere.env);
      expect(again.code).toBe(0);
      expect(store.snapshot()).toEqual(before);
      expect(tableHashes(out, 'again')).toEqual(tableHashes(out, RUN));
    } finally {
      store.stop();
      await elsewhere.remove();
    }
  }, 120_000);

  it('is not taken for another run that is given its id', async () => {
    const other = await ask('run', saes, '--out', out, '--layers', '2-3', '--run-id', RUN);
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toContain('there is another run of this id');
    const again = await ask('run', saes, '--out', out, ...SELECTION, '--run-id', RUN, '--new');
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toContain('there is a finished run of this id');
  });

  it('is known to status and list, by id and by folder', async () => {
    const byId = JSON.parse((await ask('status', RUN, '--out', out, '--json')).stdout) as Status;
    const byFolder = JSON.parse((await ask('status', join(out, 'runs', RUN), '--json')).stdout) as Status;
    expect(byId).toEqual(byFolder);
    expect(byId).toMatchObject({ run_id: RUN, state: 'done', pairs: { total: 5, done: 5, failed: 0 } });
    const listed = JSON.parse(
      (await ask('list', '--json', '--out', join(home.folder, 'elsewhere'))).stdout
    ) as (Status & { location: string })[];
    // A production server has the runs of other tests too.
    const own = listed.filter(({ location }) => location.startsWith(out));
    expect(own).toMatchObject([{ run_id: RUN, state: 'done' }]);
  });

  it('of unit vectors of weighted parts is proved by verify, and not taken for one of plain vectors', async () => {
    const selection = ['--layers', '2-3', '--out', out, '--run-id', 'cosine'];
    const flags = '--metric cosine --weights all --part-weights encoder=0.5 --unmatched 0.3'.split(' ');
    expect(await run('run', saes, ...selection, ...flags)).toMatchObject({ code: 0 });
    const { spec } = readRunManifest(out, 'cosine');
    expect(spec).toMatchObject({ metric: 'cosine', part_weights: { encoder: 0.5 }, unmatched: 0.3 });
    const { code, stdout } = await ask('verify', join(out, 'runs', 'cosine'), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, pairs: [{ source_layer: 2, certificate: { ok: true } }] });
    const plain = await ask('run', saes, ...selection, '--weights', 'all', '--unmatched', '0.3');
    expect(plain.code).toBe(2);
    expect(plain.stderr).toContain(
      'run cosine: metric: there is another run of this id (found "cosine", expected nothing)'
    );
  });

  it('refuses to pass old results off as new ones when an input has changed', async () => {
    const changed = join(saes, 'layer_2/width_1k/average_l0_32/params.npz');
    const original = readFileSync(changed);
    cpSync(join(saes, 'layer_3/width_1k/average_l0_32/params.npz'), changed);
    try {
      const { code, stderr } = await ask('run', saes, '--out', out, ...SELECTION, '--run-id', RUN);
      expect(code).toBe(1);
      expect(stderr).toContain('made from other files');
      expect(stderr).toContain('--new');
    } finally {
      cpSync(join('examples/minilm-l6/layer_2/width_1k/average_l0_32/params.npz'), changed);
      expect(readFileSync(changed)).toEqual(original);
    }
  });
});

// Only the embedded server and worker are there for the command.
(home.home === null ? describe.skip : describe)('a detached run', () => {
  it('goes on after its command, shows metrics, and can be watched and stopped', async () => {
    const flags = ['--out', join(home.folder, 'detached'), '--pairs', 'all', '--run-id', 'detached'];
    const started = await run('run', saes, '--detach', ...flags);
    expect(started).toMatchObject({ code: 0, stdout: 'detached\n' });
    const { server, worker } = home.processes();
    expect(server).toBeDefined();
    expect(worker).toBeDefined();

    const metrics = await metricsPage();
    expect(metrics).toContain('sae_match_build_info{version=');
    expect(metrics).toMatch(/temporal_worker_task_slots_available\{/);

    const status = JSON.parse((await run('status', 'detached', '--json')).stdout) as Status;
    expect(status.state).toMatch(/running|done/);
    const watched = await run('watch', 'detached', '--out', join(home.folder, 'detached'));
    expect(watched.code).toBe(0);
    expect(watched.stdout).toContain('run detached done: 21 of 21 pairs');
    expect(await metricsPage()).toMatch(/sae_match_pairs_total\{outcome="done"\} [1-9]/);

    expect((await run('stop')).stdout).toBe('stopped: server, worker\n');
    expect(home.processes()).toEqual({ server: undefined, worker: undefined });
  }, 240_000);

  /** The address of /metrics is in the worker's log. */
  async function metricsPage(): Promise<string> {
    const record = readState(join(home.home!.dir, 'worker.json'), z.object({ logFile: z.string() }));
    for (;;) {
      const address = metricsAddress(readFileSync(record!.logFile, 'utf8'));
      const page = await fetch(address ?? 'http://127.0.0.1:1').catch(() => null);
      if (page?.ok === true) return page.text();
      await sleep(200);
    }
  }
});
