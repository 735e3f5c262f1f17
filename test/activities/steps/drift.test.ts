import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findGarbage } from '../../../activities/garbage/find-garbage';
import { readRoots } from '../../../activities/garbage/roots';
import { previewRunTask } from '../../../activities/preview/preview-run';
import { hashSourceTask } from '../../../activities/steps/hash-source';
import { plannedKeys } from '../../../activities/steps/planned-keys';
import { publishRun } from '../../../activities/steps/publish-run';
import { silentContext } from '../../../activities/task-context';
import { readManifest } from '../../../artifacts/manifest';
import type { RunManifest } from '../../../artifacts/manifest';
import { writeRunPlan } from '../../../artifacts/run-plan';
import { decodeDrift } from '../../../artifacts/tables/drift';
import type { DriftRow } from '../../../artifacts/tables/drift';
import type { PublishInput } from '../../../workflows/activity-types';
import type { RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { permuted, turned, withDecoderRow } from '../../support/drifted-sae';
import { randomSae, withoutThreshold, writeLayers } from '../../support/random-sae';
import type { RandomSae } from '../../support/random-sae';
import { place, prepareDrift, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const FEATURES = 32;
const WIDTH = 64;
const before = [1, 2].map((seed) => randomSae(seed, FEATURES, WIDTH));
const order = Array.from({ length: FEATURES }, (_, i) => (i * 5 + 3) % FEATURES);
const copies = before.map((sae) => permuted(sae, order));

/** A run over `now` that is compared with `earlier`. */
function specOf(now: readonly (RandomSae | Buffer)[], earlier: readonly (RandomSae | Buffer)[]): RunSpec {
  const folder = newFolder();
  const source = join(folder, 'previous');
  writeLayers(source, earlier);
  return { ...smallModel(folder, now), previous: { source, unmatched: 0.5, kept: 0.9 } };
}

async function publish(input: PublishInput): Promise<{ rows: DriftRow[]; manifest: RunManifest }> {
  const store = storeOf(input.request.spec);
  await publishRun(store, input, new Date('2026-01-01T00:01:00Z'));
  const rows = await decodeDrift(await store.get('runs/run/drift.parquet'));
  return { rows, manifest: (await readManifest(store, 'runs/run/manifest.json')) as RunManifest };
}

describe('the drift between two checkpoints', () => {
  it('of a permuted copy keeps every feature', async () => {
    const { rows, manifest } = await publish(await prepareDrift(specOf(copies, before), 'run'));
    for (const row of rows) {
      expect(row).toMatchObject({ status: 'done', features: FEATURES, previous_features: FEATURES });
      expect(row).toMatchObject({ kept: FEATURES, changed: 0, born: 0, died: 0, matched_cost: 0 });
    }
    expect(manifest.state).toBe('done');
    expect(manifest.drift).toEqual([0, 1].map((layer) => ({ layer, status: 'done' })));
    expect(manifest.previous!.map(({ path }) => path)).toEqual(
      [0, 1].map((layer) => `${(manifest.spec as RunSpec).previous!.source}#${layer}`)
    );
    expect(manifest.artifacts.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'drift/layer=01/matches.parquet',
        'drift/layer=01/targets.parquet',
        'drift/layer=01/certificate.parquet',
        'drift.parquet',
      ])
    );
  });

  it('counts turned rows as changed, replaced ones as born and died, zero and unfoldable ones apart', async () => {
    const [first] = copies as [RandomSae, RandomSae];
    const steps = [
      (sae: RandomSae) => [0, 1, 2].reduce((now, i) => withDecoderRow(now, i, turned(i + 50)), sae),
      (sae: RandomSae) => withDecoderRow(sae, 4, (old) => old.map((value) => -value)),
      (sae: RandomSae) => withDecoderRow(sae, 5, (old) => old.map(() => 0)),
      (sae: RandomSae) => withoutThreshold(sae, [6]),
    ];
    const now = steps.reduce((sae, step) => step(sae), first);
    const { rows } = await publish(await prepareDrift(specOf([now, copies[1]!], before), 'run'));
    expect(rows[0]).toMatchObject({
      ...{ kept: FEATURES - 6, changed: 3, born: 1, died: 3 },
      ...{ dead_previous: 0, dead: 1, excluded_previous: 0, excluded: 1 },
    });
    expect(rows[1]).toMatchObject({ kept: FEATURES, changed: 0 });
  });

  it('of one layer needs no pairs', async () => {
    const { rows, manifest } = await publish(
      await prepareDrift({ ...specOf([copies[0]!], before), layers: [0] }, 'run')
    );
    expect(manifest).toMatchObject({ state: 'done', pairs: [] });
    expect(rows).toHaveLength(1);
    const { previous, ...alone } = specOf([copies[0]!], before);
    expect(previous).toBeDefined();
    await expect(hashSourceTask({ spec: alone }, silentContext)).rejects.toThrow('nothing to match');
  });
});

describe('a previous checkpoint', () => {
  it('that lacks a layer, or has a broken one, fails these layers and nothing else', async () => {
    const spec = specOf([...copies, copies[0]!], [before[0]!, Buffer.from('no archive')]);
    const input = await prepareDrift(spec, 'run');
    expect(input.plan.previous!.map(({ failure }) => failure?.layers ?? null)).toEqual([null, [1, 1], [2, 2]]);
    const { rows, manifest } = await publish(input);
    expect(rows.map(({ status, kept }) => [status, kept])).toEqual([
      ['done', FEATURES],
      ['failed', null],
      ['failed', null],
    ]);
    expect(rows[1]!.error).toContain('params.npz');
    expect(rows[2]!.error).toContain('layer 2 has no SAE');
    expect(manifest.state).toBe('partial');
    expect(manifest.pairs.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(manifest.drift![2]).toEqual({ layer: 2, status: 'failed', error: rows[2]!.error });
    expect(manifest.previous!.map(({ layer }) => layer)).toEqual([0]);
  });

  it('that is not there fails every layer', async () => {
    const spec = specOf(copies, before);
    rmSync(spec.previous!.source, { recursive: true });
    const { previous, pairs } = await hashSourceTask({ spec }, silentContext);
    expect(pairs).toEqual([[0, 1]]);
    for (const { failure } of previous!) expect(failure!.message).toContain('cannot be read');
  });

  it('of another model fails every layer by its size', async () => {
    const spec = specOf(copies, [randomSae(7, FEATURES, 8), randomSae(8, FEATURES, 8)]);
    const { previous } = await hashSourceTask({ spec }, silentContext);
    for (const { failure } of previous!) expect(failure!.message).toContain('spaces of different size');
  });
});

describe('what is stored of a drift', () => {
  let input: PublishInput;
  beforeEach(async () => {
    input = await prepareDrift(specOf(copies, before), 'run');
  });
  const garbage = async (): Promise<string[]> => {
    const store = storeOf(input.request.spec);
    const roots = await readRoots(store, new Set());
    const soon = new Date(Date.now() + 60_000);
    return (await findGarbage(store, await store.list('artifacts/'), roots, soon)).garbage.map(({ kind }) => kind);
  };

  it('is garbage only when no run is going on, or was published, that refers to it', async () => {
    const { spec } = input.request;
    expect((await garbage()).filter((kind) => kind === 'matches')).toHaveLength(3);
    await writeRunPlan(storeOf(spec), 'run', plannedKeys(spec, input.plan));
    expect(await garbage()).toEqual([]);
    const { manifest } = await publish(input);
    expect(await garbage()).toEqual([]);
    expect(manifest.content_keys).toEqual(plannedKeys(spec, input.plan));
  });

  it('is found by the preview of the run, and told apart when a file has changed', async () => {
    const { spec } = input.request;
    const states = async (): Promise<string[][]> => {
      const { previous } = await previewRunTask({ runId: 'run', spec, place }, silentContext);
      return [previous!.layers, previous!.pairs].map((items) => items.map(({ state }) => state));
    };
    expect(await states()).toEqual([
      ['cached', 'cached'],
      ['cached', 'cached'],
    ]);
    writeFileSync(join(spec.previous!.source, 'layer_1/params.npz'), 'no archive');
    expect(await states()).toEqual([
      ['cached', 'failed'],
      ['cached', 'failed'],
    ]);
  });
});
