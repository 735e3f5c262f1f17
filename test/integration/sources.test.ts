import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldLayerTask } from '../../activities/steps/fold-layer';
import { hashSourceTask } from '../../activities/steps/hash-source';
import { silentContext } from '../../activities/task-context';
import { InputError } from '../../matching/errors';
import { listSaes } from '../../sae/catalogue';
import { loadSae } from '../../sae/load-sae';
import { openSource } from '../../sae/sources/open-source';
import type { RunSpec } from '../../workflows/run-types';
import { startGcsEmulator } from '../support/gcs-emulator';
import type { GcsEmulator } from '../support/gcs-emulator';
import { filesBelow, startHubServer } from '../support/hub-server';
import type { HubServer } from '../support/hub-server';
import { expectCode, runProgram } from '../support/program';
import { EXAMPLE, writeSmallModel } from '../support/small-model';

/**
 * The same SAEs in a local folder, on a server of the Hub's kind and in a bucket of the real emulator: what is made of
 * them must be the same.
 */
const FIXTURES = join(__dirname, '../fixtures/formats');
const FOLDERS = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

let scratch: string;
let model: string;
let hub: HubServer;
let gcs: GcsEmulator;
const settings = ['HF_ENDPOINT', 'STORAGE_EMULATOR_HOST', 'SAE_MATCH_CACHE', 'HF_HOME'] as const;
const before = new Map(settings.map((name) => [name, process.env[name]]));
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sae-match-sources-'));
  model = join(scratch, 'model');
  await writeSmallModel(model, 3, 200);
  const files = filesBelow(model);
  hub = await startHubServer({
    'org/model': { commits: { c1: files }, revisions: { main: 'c1' } },
    'org/formats': { commits: { c1: filesBelow(FIXTURES) }, revisions: { main: 'c1' } },
  });
  gcs = await startGcsEmulator();
  await gcs.upload('model', files);
  await gcs.upload('formats', filesBelow(FIXTURES));
  process.env.HF_ENDPOINT = hub.url;
  process.env.HF_HOME = scratch;
  process.env.STORAGE_EMULATOR_HOST = gcs.url;
  process.env.SAE_MATCH_CACHE = join(scratch, 'cache');
}, 60_000);
afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  await Promise.all([hub.close(), gcs.close()]);
  rmSync(scratch, { recursive: true, force: true });
});

const placesOf = (folder: string): string[] => [`hf://org/formats/${folder}`, `gs://formats/${folder}`];

it.each(FOLDERS.map(({ name }) => name))('%s is the same in a folder, on the Hub and in a bucket', async (folder) => {
  const local = await openSource(join(FIXTURES, folder));
  const here = await listSaes(local).catch((error: unknown) => error as Error);
  for (const place of placesOf(folder)) {
    const source = await openSource(place);
    const there = await listSaes(source).catch((error: unknown) => error as Error);
    if (here instanceof Error || there instanceof Error) {
      expect(there).toBeInstanceOf(InputError);
      expect(here).toBeInstanceOf(InputError);
      continue;
    }
    expect(there.map(({ path, layer, format, header }) => ({ path, layer, format, header }))).toEqual(
      here.map(({ path, layer, format, header }) => ({ path, layer, format, header }))
    );
    for (const [index, entry] of there.entries()) {
      if (entry.error !== null) continue;
      expect(await loadSae(source, entry)).toEqual(await loadSae(local, here[index]!));
    }
  }
});

function specOf(source: string, out: string): RunSpec {
  const options = { weights: 'all', fold: true, degenerate: 'exclude', format: null } as const;
  return { source, out: join(scratch, out), layers: null, pairs: 'adjacent', ...options, allow_hook_mismatch: false };
}

it('a run has the same folded artifacts whatever its source, and knows the version of every file', async () => {
  const keys = new Map<string, unknown>();
  for (const source of [model, 'hf://org/model', 'gs://model']) {
    const spec = specOf(source, 'folded');
    const { layers } = await hashSourceTask({ spec }, silentContext);
    const folded = [];
    for (const layer of layers) folded.push((await foldLayerTask({ spec, layer }, silentContext)).rows);
    keys.set(source, folded);
    const versions = layers.flatMap(({ files }) => files.map(({ version }) => version));
    if (source.startsWith('hf:'))
      for (const version of versions) expect(version).toMatch(/^commit c1, object [0-9a-f]{12}$/);
    if (source.startsWith('gs:')) for (const version of versions) expect(version).toMatch(/^generation \d+$/);
  }
  expect(keys.get('hf://org/model')).toEqual(keys.get(model));
  expect(keys.get('gs://model')).toEqual(keys.get(model));
});

it('a pair has the same tables whatever its source, and its results can be verified', async () => {
  const tables = async (source: string, out: string): Promise<Buffer[]> => {
    const folder = join(scratch, out);
    const made = await runProgram(['pair', `${source}#0`, `${source}#1`, '--out', folder, '--weights', 'all'], {});
    expectCode(made, 0);
    expectCode(await runProgram(['verify', folder], {}), 0);
    return ['matches.parquet', 'targets.parquet'].map((name) => readFileSync(join(folder, name)));
  };
  const local = await tables(model, 'local');
  expect(await tables('hf://org/model', 'from-hub')).toEqual(local);
  expect(await tables('gs://model', 'from-bucket')).toEqual(local);
}, 120_000);

it('headers are a small part of what is fetched, and each file is fetched once', async () => {
  const files = filesBelow(EXAMPLE);
  const weights = [...files].filter(([path]) => path.endsWith('.npz'));
  hub.add('org/example', { commits: { c1: files }, revisions: { main: 'c1' } });
  const fetched = (): number =>
    [...hub.lfs.sent].reduce((sum, [path, n]) => sum + (path.includes('example') ? n : 0), 0);
  const spec = specOf('hf://org/example', 'example');
  const { layers } = await hashSourceTask({ spec: { ...spec, weights: 'decoder', layers: [3, 4] } }, silentContext);
  const planned = fetched();
  const sizes = layers.reduce((sum, { files: own }) => sum + own.reduce((bytes, file) => bytes + file.bytes, 0), 0);
  // An archive's directory is looked for in its last 64 kB.
  expect(planned).toBeGreaterThan(0);
  expect(planned / layers.length).toBeLessThan(100_000);
  for (const layer of layers) await foldLayerTask({ spec, layer }, silentContext);
  expect(weights.length).toBe(7);
  const loaded = fetched() - planned;
  expect(loaded).toBeGreaterThanOrEqual(sizes);
  expect(loaded - sizes).toBeLessThan(100_000 * layers.length);
});

it('an object that was replaced after a run was planned is refused, and both versions are named', async () => {
  const spec = specOf('gs://changing', 'changing');
  const files = filesBelow(model);
  await gcs.upload('changing', files);
  const { layers } = await hashSourceTask({ spec }, silentContext);
  const [path] = [...files.keys()].filter((name) => name.startsWith('layer_0'));
  await gcs.upload(
    'changing',
    new Map([[path!, files.get([...files.keys()].find((name) => name.startsWith('layer_1'))!)!]])
  );
  await expect(foldLayerTask({ spec, layer: layers[0]! }, silentContext)).rejects.toThrow(
    /layer_0.*changed since it was first looked at \(found generation \d+, SHA-256 .*, expected generation \d+, SHA-256/
  );
});

it('buckets, objects and credentials that are not there are said in one sentence', async () => {
  await expect(openSource('gs://none/x')).rejects.toThrow(InputError);
  await expect(openSource('gs://model/none')).rejects.toThrow(
    /gs:\/\/model\/none: the source cannot be read \(found no object/
  );
  const { code, stderr } = await runProgram(['inspect', 'gs://model/none'], {});
  expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
});
