import { writeFileSync } from 'node:fs';
import { readManifest, writeManifest, type Manifest, type RunManifest } from '../../artifacts/manifest';
import { FileStore } from '../../artifacts/store/file-store';
import { ArtifactCorruptError, InputError } from '../../matching/errors';
import { temporaryFolders } from './temporary-folder';

const newFolder = temporaryFolders();
const KEY = 'runs/0123456789ab/manifest.json';

const common: Omit<RunManifest, 'kind' | 'run_id' | 'spec'> = {
  schema: 'sae-match/manifest@1',
  state: 'partial',
  version: '0.1.0',
  inputs: [
    {
      layer: 0,
      path: 'saes/layer_0',
      files: [{ path: 'layer_0/params.npz', bytes: 123, sha256: 'ab'.repeat(32) }],
      header: { features: 1024, d_in: 384, activation: 'jumprelu', k: null },
    },
  ],
  pairs: [
    { source_layer: 0, target_layer: 1, status: 'done' },
    { source_layer: 1, target_layer: 2, status: 'failed', error: 'layer 2 cannot be read' },
  ],
  failures: [{ what: 'fold', layers: [2], type: 'InputError', message: 'layer 2 cannot be read' }],
  artifacts: [{ path: 'pairs.parquet', bytes: 10, crc32c: '4waSgw==' }],
  timings: { started: '2024-01-01T00:00:00.000Z', finished: '2024-01-01T00:01:00.000Z', seconds: 60, fold: 2.5 },
  environment: { node: 'v20.19.0', platform: 'linux', cpus: 2 },
};
const run: Manifest = {
  ...common,
  kind: 'run',
  run_id: '0123456789ab',
  spec: { source: 'saes', layers: [0, 1, 2], pairs: 'adjacent', fold: true },
};
const pair: Manifest = { ...common, kind: 'pair', state: 'done', options: { weights: 'decoder', rho: null } };

async function expectError(store: FileStore, type: typeof InputError, ...texts: string[]) {
  const error: unknown = await readManifest(store, KEY).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  for (const text of [store.url(KEY), ...texts]) expect((error as Error).message).toContain(text);
}

test('a manifest of a run and one of a pair read back as written, as indented JSON', async () => {
  const store = new FileStore(newFolder());
  for (const manifest of [run, pair]) {
    await writeManifest(store, KEY, manifest);
    expect(await readManifest(store, KEY)).toEqual(manifest);
    expect((await store.get(KEY)).toString()).toContain('\n  "schema": "sae-match/manifest@1"');
  }
});

test('a manifest of a run reads back with the content keys that it lists', async () => {
  const store = new FileStore(newFolder());
  const listing = { ...run, content_keys: { folded: ['a'], matches: ['b', 'c'], chains: [] } };
  await writeManifest(store, KEY, listing);
  expect(await readManifest(store, KEY)).toEqual(listing);
});

test('a missing manifest says where it was looked for', async () => {
  await expectError(new FileStore(newFolder()), InputError, 'there is no manifest', 'finished run');
});

test('a manifest of a newer version asks for an update', async () => {
  const store = new FileStore(newFolder());
  await store.put(KEY, Buffer.from(JSON.stringify({ schema: 'sae-match/manifest@2', kind: 'other' })));
  await expectError(store, InputError, 'sae-match/manifest@2', 'Update sae-match');
});

test.each([
  ['cut off', JSON.stringify(run).slice(0, 200), 'not JSON'],
  ['of another schema', '{"schema":"something/else@1"}', 'broken'],
  ['a bare null', 'null', 'broken'],
  ['without its artifacts', JSON.stringify({ ...run, artifacts: undefined }), 'artifacts'],
  ['with a wrong type inside', JSON.stringify({ ...run, artifacts: [{ path: 'x', bytes: '1' }] }), 'artifacts.0.bytes'],
])('a manifest that is %s is reported as corrupt', async (_, text, hint) => {
  const store = new FileStore(newFolder());
  await store.put(KEY, Buffer.from('{}'));
  writeFileSync(store.url(KEY), text);
  await expectError(store, ArtifactCorruptError, hint);
});

test('a manifest that JSON cannot hold is not written', async () => {
  const store = new FileStore(newFolder());
  await expect(writeManifest(store, KEY, { ...run, spec: { rho: NaN } })).rejects.toThrow('spec');
  expect(await store.list('')).toEqual([]);
});
