import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { previewRunTask } from '../../../activities/preview/preview-run';
import type { RunPreview } from '../../../activities/preview/preview-run';
import { foldedObject, matchObject } from '../../../activities/steps/keys';
import { CHECKPOINT } from '../../../activities/steps/match-checkpoint';
import { plannedKeys } from '../../../activities/steps/planned-keys';
import { publishRun } from '../../../activities/steps/publish-run';
import { silentContext } from '../../../activities/task-context';
import { ARTIFACT_RECORDS, artifactKey, KEY_RECORD } from '../../../artifacts/layout';
import { writeRunPlan } from '../../../artifacts/run-plan';
import type { FileStore } from '../../../artifacts/store/file-store';
import type { PublishInput } from '../../../workflows/activity-types';
import type { RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { paramsNpz, randomSae } from '../../support/random-sae';
import { place, prepareRun, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
let spec: RunSpec;
let store: FileStore;
let input: PublishInput;
beforeEach(async () => {
  spec = smallModel(newFolder());
  store = storeOf(spec);
  input = await prepareRun(spec, 'run');
});

const preview = (change: Partial<RunSpec> = {}): Promise<RunPreview> =>
  previewRunTask({ runId: 'run', spec: { ...spec, ...change }, place }, silentContext);
const states = (items: readonly { state: string }[]): string[] => items.map(({ state }) => state);
const reasons = (items: readonly { reason: string | null }[]): (string | null)[] => items.map(({ reason }) => reason);
/** The file of layer 1. */
const fileOf = ({ plan }: PublishInput): string => join(spec.source, plan.layers[1]!.files[0]!.path);

describe('the preview of a run', () => {
  it('of which nothing is stored does everything, and writes nothing', async () => {
    const out = newFolder();
    const { run, layers, pairs, totals } = await preview({ out });
    expect(run.state).toBe('new');
    expect(states(layers)).toEqual(['fold', 'fold', 'fold']);
    expect(states(pairs)).toEqual(['match', 'match']);
    expect(reasons(layers)[0]).toBe('nothing is stored for this layer');
    expect(reasons(pairs)[0]).toBe('nothing is stored for these layers');
    expect(totals.read_bytes).toBe(
      input.plan.layers.flatMap(({ files }) => files).reduce((sum, f) => sum + f.bytes, 0)
    );
    expect(totals.multiply_adds).toBe(2 * 16 * 16 * 8);
    expect(totals.match_memory!.least).toBeGreaterThan(2 * 16 * 8 * 4);
    expect(totals.match_memory!.most).toBeGreaterThanOrEqual(totals.match_memory!.least);
    expect(await storeOf({ ...spec, out }).list('')).toEqual([]);
  });

  it('of which everything is stored does nothing', async () => {
    const { layers, pairs, totals, prediction } = await preview();
    expect(states([...layers, ...pairs])).toEqual(['cached', 'cached', 'cached', 'cached', 'cached']);
    expect(reasons([...layers, ...pairs])).toEqual([null, null, null, null, null]);
    expect(totals).toMatchObject({ read_bytes: 0, fetch_bytes: 0, multiply_adds: 0, match_memory: null });
    expect(prediction).toMatchObject({ folds: 0, matches: 0, match_seconds: { least: 0, expected: 0, most: 0 } });
    expect(pairs.map(({ key }) => key)).toEqual(input.matches.map(({ key }) => key));
  });

  it('names the file that has changed, with both hashes, and the pairs it belongs to', async () => {
    const before = input.plan.layers[1]!.files[0]!.sha256.slice(0, 8);
    writeFileSync(fileOf(input), paramsNpz(randomSae(9)));
    const { layers, pairs } = await preview();
    expect(states(layers)).toEqual(['cached', 'fold', 'cached']);
    expect(layers[1]!.reason).toMatch(new RegExp(`^params\\.npz has changed \\(sha256 ${before}… → [0-9a-f]{8}…\\)$`));
    expect(layers[1]!.differences).toHaveLength(1);
    expect(states(pairs)).toEqual(['match', 'match']);
    for (const reason of reasons(pairs)) expect(reason).toBe(`layer 1: ${layers[1]!.reason!}`);
  });

  it('names the option that differs from what is stored', async () => {
    const { layers, pairs } = await preview({ weights: 'all', unmatched: 0.3 });
    expect(states(layers)).toEqual(['cached', 'cached', 'cached']);
    expect(reasons(pairs)).toEqual(Array(2).fill('weights: decoder → all; unmatched: default → 0.3'));
    expect(pairs[0]!.differences).toEqual([
      { field: 'weights', stored: 'decoder', now: 'all' },
      { field: 'unmatched', now: 0.3 },
    ]);
  });

  it('compares with the nearest of several stored matches', async () => {
    await prepareRun({ ...spec, weights: 'all', metric: 'cosine' }, 'other');
    const { pairs } = await preview({ weights: 'all', metric: 'cosine', degenerate: 'error' });
    expect(reasons(pairs)).toEqual(Array(2).fill('degenerate: exclude → error'));
  });

  it('says of unfolded rows that folding differs, and then finds them', async () => {
    const unfolded = { fold: false } as const;
    const before = await preview(unfolded);
    expect(reasons(before.layers)).toEqual(Array(3).fill('fold: true → false'));
    expect(reasons(before.pairs)).toEqual(Array(2).fill('fold: true → false'));
    await prepareRun({ ...spec, ...unfolded }, 'other');
    const after = await preview(unfolded);
    expect(states([...after.layers, ...after.pairs])).toEqual(Array(5).fill('cached'));
  });

  it('says what is damaged: a layer of which a byte differs, a match of which a table is cut off', async () => {
    const [layer] = plannedKeys(spec, input.plan).folded;
    const bytes = await store.get(foldedObject(layer!));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(store.url(foldedObject(layer!)), bytes);
    truncateSync(store.url(matchObject(input.matches[1]!.key, 'targets.parquet')), 100);
    const { layers, pairs, totals } = await preview();
    expect(states(layers).sort()).toEqual(['cached', 'cached', 'damaged']);
    expect(states(pairs)).toEqual(['cached', 'damaged']);
    expect(layers.find(({ state }) => state === 'damaged')!.reason).toContain('folded again');
    expect(totals.multiply_adds).toBe(16 * 16 * 8);
  });

  it('knows a match that was begun', async () => {
    const { key } = input.matches[0]!;
    await store.put(matchObject(key, CHECKPOINT), Buffer.from('state'));
    expect(states((await preview()).pairs)).toEqual(['cached', 'cached']);
    await store.delete(artifactKey('matches', key, ARTIFACT_RECORDS.matches));
    const [pair] = (await preview()).pairs;
    expect(pair).toMatchObject({ state: 'resume', key });
    expect(pair!.reason).toContain('checkpoint');
  });

  it('does without the notes that earlier versions did not keep, and says so', async () => {
    for (const key of await store.list('artifacts/')) if (key.endsWith(KEY_RECORD)) await store.delete(key);
    expect(states((await preview()).pairs)).toEqual(['cached', 'cached']);
    const { layers, pairs } = await preview({ weights: 'all', fold: false });
    expect(layers[0]!.reason).toBe('nothing is known to be stored for this layer');
    expect(pairs[0]!.reason).toBe('nothing is known to be stored for these layers');
  });

  it('shows a layer that cannot be read with its error, and its pairs without work', async () => {
    writeFileSync(fileOf(input), 'no archive');
    const { layers, pairs } = await preview();
    expect(states(layers)).toEqual(['cached', 'failed', 'cached']);
    expect(layers[1]!.reason).toContain('params.npz');
    expect(states(pairs)).toEqual(['failed', 'failed']);
    expect(pairs[0]!.reason).toBe('layer 1 cannot be read');
  });
});

describe('the state of a run', () => {
  it('is unfinished with a plan, and what its manifest says without', async () => {
    expect((await preview()).run.state).toBe('new');
    await writeRunPlan(store, 'run', plannedKeys(spec, input.plan));
    expect((await preview()).run.state).toBe('unfinished');
    await publishRun(store, input, new Date(0));
    expect((await preview()).run).toEqual({ state: 'done', changed_layers: [] });
    const failure = { what: 'match', layers: [1, 2], type: 'InputError', message: 'no' };
    await publishRun(store, { ...input, matches: input.matches.slice(1), failures: [failure] }, new Date(0));
    expect((await preview()).run.state).toBe('partial');
  });

  it('names the layers of a published run that have other files now', async () => {
    await publishRun(store, input, new Date(0));
    writeFileSync(fileOf(input), paramsNpz(randomSae(9)));
    expect((await preview()).run).toEqual({ state: 'done', changed_layers: [1] });
  });
});
