import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetMetadata } from 'hyparquet';
import { readFolded } from '../../../activities/steps/folded-artifact';
import { foldLayerTask } from '../../../activities/steps/fold-layer';
import { hashSourceTask } from '../../../activities/steps/hash-source';
import { publishRun } from '../../../activities/steps/publish-run';
import { planRun } from '../../../activities/steps/resolve-run';
import { silentContext } from '../../../activities/task-context';
import { readManifest } from '../../../artifacts/manifest';
import type { RunManifest } from '../../../artifacts/manifest';
import { InputError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';
import { load } from '../../sae/support';
import type { RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { exportRow, ungatedSae, writeExport, writeSaes } from '../../support/ungated-saes';
import { prepareRun, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const VALUES = Array.from({ length: 16 }, (_, i) => 0.5 + i / 8);

/** A run over two ReLU SAEs, with an export for each layer. */
function scaledModel(change: Partial<RunSpec> = {}): RunSpec {
  const folder = newFolder();
  const spec = smallModel(folder);
  const source = join(folder, 'ungated');
  writeSaes(
    source,
    [1, 2].map((seed) => ungatedSae('relu', seed))
  );
  for (const layer of [0, 1]) writeExport(join(folder, `np/${layer}-res`), VALUES, layer);
  return { ...spec, source, scale: join(folder, 'np/{layer}-res'), ...change };
}

const withoutScale = (spec: RunSpec): RunSpec => JSON.parse(JSON.stringify({ ...spec, scale: undefined })) as RunSpec;
const batch = (spec: RunSpec, layer: number): string =>
  join(spec.scale!.replace('{layer}', String(layer)), 'features/batch-1.jsonl.gz');

describe('the plan of a run with a scale', () => {
  it('fixes the export of each layer by its files', async () => {
    const spec = scaledModel();
    const { layers } = await hashSourceTask({ spec }, silentContext);
    layers.forEach(({ layer, scale, header }) => {
      expect(header.gauge).toBe('given');
      expect(scale!.location).toBe(spec.scale!.replace('{layer}', String(layer)));
      expect(scale!.files.map(({ path }) => path)).toEqual([0, 1, 2, 3].map((n) => `features/batch-${n}.jsonl.gz`));
      expect(scale!.files.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
    });
  });

  it('has nothing of it where the scale is in no file, or none is given', async () => {
    const spec = scaledModel({ scale: 'threshold:2' });
    const { layers } = await hashSourceTask({ spec }, silentContext);
    const without = withoutScale(spec);
    const plain = await hashSourceTask({ spec: without }, silentContext);
    for (const layer of [...layers, ...plain.layers]) expect(layer).not.toHaveProperty('scale');
    expect(plain.layers.map(({ header }) => header.gauge)).toEqual(['decoder_norm', 'decoder_norm']);
  });

  it('is not made for SAEs that have thresholds, nor where a layer has no export', async () => {
    const gated = { ...smallModel(newFolder()), scale: 'threshold:2' };
    await expect(planRun(gated)).rejects.toThrow(/layer_0: --scale: the thresholds of this SAE are its scale/);
    await expect(planRun(scaledModel({ scale: '/nowhere/{layer}' }))).rejects.toThrow(/\/nowhere\/0: --scale/);
    await expect(planRun(scaledModel({ scale: 'latents_mean_square' }))).rejects.toThrow(InputError);
  });
});

describe('folding a layer with a scale', () => {
  it('stores decoder rows times it, under a key of its own', async () => {
    const spec = scaledModel();
    const { layers } = await hashSourceTask({ spec }, silentContext);
    const { rows, inputs } = await foldLayerTask({ spec, layer: layers[0]! }, silentContext);
    const stored = await readFolded(storeOf(spec), rows, silentContext);
    const sae = await load(join(spec.source, 'layer_0'));
    VALUES.forEach((value, feature) => {
      const expected = Array.from(rowOf(sae.decoder, feature), (weight) => Math.fround(weight * value));
      expect([...rowOf(stored.decoder, feature)]).toEqual(expected);
    });
    expect(inputs).toHaveLength(1 + 4);
    const other = { ...spec, scale: 'threshold:2' };
    const again = await hashSourceTask({ spec: other }, silentContext);
    expect((await foldLayerTask({ spec: other, layer: again.layers[0]! }, silentContext)).rows).not.toBe(rows);
  });

  it('leaves the rows as they are without folding, and scales those of the paper’s metric', async () => {
    const spec = scaledModel({ fold: false });
    const { layers } = await hashSourceTask({ spec }, silentContext);
    const scaled = await foldLayerTask({ spec, layer: layers[0]! }, silentContext);
    const folding = await foldLayerTask({ spec: { ...spec, fold: true }, layer: layers[0]! }, silentContext);
    expect(scaled.folded).toBe(folding.rows);
    const without = withoutScale(spec);
    const plain = await hashSourceTask({ spec: without }, silentContext);
    expect((await foldLayerTask({ spec: without, layer: plain.layers[0]! }, silentContext)).rows).toBe(scaled.rows);
  });

  it('refuses an export that changed since the run was planned', async () => {
    const spec = scaledModel();
    const { layers } = await hashSourceTask({ spec }, silentContext);
    writeFileSync(batch(spec, 0), gzipSync([5, 6, 7, 8, 9].map((i) => exportRow(i, 1)).join('\n')));
    await expect(foldLayerTask({ spec, layer: layers[0]! }, silentContext)).rejects.toThrow(
      /0-res: features\/batch-1\.jsonl\.gz: the export changed since it was first looked at \(found SHA-256 .*, expected /
    );
  });

  it('tells how many features have none', async () => {
    const spec = scaledModel();
    writeFileSync(batch(spec, 1), gzipSync([5, 6, 7].map((i) => exportRow(i, i - 5, 1)).join('\n')));
    const { layers } = await hashSourceTask({ spec }, silentContext);
    const notes: string[] = [];
    const context = { ...silentContext, onNote: (text: string) => notes.push(text) };
    const { rows } = await foldLayerTask({ spec, layer: layers[1]! }, context);
    expect(notes).toEqual([
      'layer 1: 2 of 16 features have no maxActApprox in the export',
      'layer 1: 1 of 16 features have a maxActApprox of 0 or less',
    ]);
    const { excluded } = await readFolded(storeOf(spec), rows, silentContext);
    expect([...excluded.keys()].filter((i) => excluded[i] === 1)).toEqual([5, 8, 9]);
  });
});

it('a published run lists the export with its layer, and its tables name no place', async () => {
  const spec = scaledModel();
  const input = await prepareRun(spec, 'run');
  const store = storeOf(spec);
  await publishRun(store, input, new Date('2026-01-01T00:01:30.000Z'));
  const { inputs } = (await readManifest(store, 'runs/run/manifest.json')) as RunManifest;
  expect(inputs.map(({ scale }) => scale)).toEqual(input.plan.layers.map(({ scale }) => scale));
  const hashes = inputs.map(({ files, scale }) => [...files, ...scale!.files].map(({ sha256 }) => sha256));
  for (const name of ['matches/source=00/target=01/matches.parquet', 'pairs.parquet', 'chains.parquet']) {
    const bytes = await store.get(`runs/run/${name}`);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const metadata = parquetMetadata(buffer).key_value_metadata!;
    const value = (key: string): unknown => JSON.parse(metadata.find((entry) => entry.key === key)!.value!);
    expect(value('sae_match.options')).toMatchObject({ scale: 'max_act_approx' });
    for (const hash of hashes.flat()) expect(JSON.stringify(value('sae_match.inputs'))).toContain(hash);
    expect(bytes.includes(spec.source)).toBe(false);
  }
});
