import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { findGarbage } from '../../../activities/garbage/find-garbage';
import type { Findings } from '../../../activities/garbage/find-garbage';
import { removeGarbage } from '../../../activities/garbage/remove-garbage';
import { readRoots } from '../../../activities/garbage/roots';
import { buildChainsTask } from '../../../activities/steps/build-chains';
import { CHECKPOINT } from '../../../activities/steps/match-checkpoint';
import { findIntactMatch } from '../../../activities/steps/match-summary';
import { hasFolded } from '../../../activities/steps/folded-artifact';
import { matchObject } from '../../../activities/steps/keys';
import { plannedKeys } from '../../../activities/steps/planned-keys';
import { discardRun, publishRun } from '../../../activities/steps/publish-run';
import { silentContext } from '../../../activities/task-context';
import { readManifest, writeManifest } from '../../../artifacts/manifest';
import type { RunManifest } from '../../../artifacts/manifest';
import { writeRunPlan } from '../../../artifacts/run-plan';
import type { FileStore } from '../../../artifacts/store/file-store';
import { ArtifactCorruptError, UsageError } from '../../../matching/errors';
import type { PublishInput } from '../../../workflows/activity-types';
import type { RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { foldAll, prepareRun, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const NOBODY: ReadonlySet<string> = new Set();
/** A moment after everything that a test writes. */
const soon = (): Date => new Date(Date.now() + 60_000);

let spec: RunSpec;
let store: FileStore;
/** Two runs over the same layers, the second with another way to compare them. */
let one: PublishInput;
let two: PublishInput;
beforeEach(async () => {
  spec = smallModel(newFolder());
  store = storeOf(spec);
  one = await prepareRun(spec, 'one');
  two = await prepareRun({ ...spec, weights: 'all' }, 'two');
});

const publish = (input: PublishInput): Promise<unknown> => publishRun(store, input, new Date(0));
const plan = ({ request, plan: planned }: PublishInput): Promise<void> =>
  writeRunPlan(store, request.runId, plannedKeys(request.spec, planned));
const removeFolder = (runId: string): void => {
  rmSync(store.url(`runs/${runId}`), { recursive: true });
};

async function find(before = soon(), abandoned = NOBODY): Promise<Findings> {
  const objects = await store.list('artifacts/');
  return findGarbage(store, objects, await readRoots(store, abandoned), before);
}

async function collect(before = soon(), abandoned = NOBODY): Promise<string[]> {
  const { garbage } = await find(before, abandoned);
  return (await removeGarbage(store, garbage, { abandoned, before })).map(({ kind }) => kind).sort();
}

async function isWhole({ plan: planned, request, matches }: PublishInput): Promise<boolean> {
  const layers = await Promise.all(plannedKeys(request.spec, planned).folded.map((key) => hasFolded(store, key)));
  const pairs = await Promise.all(matches.map(({ key }) => findIntactMatch(store, key)));
  return layers.every((present) => present) && pairs.every((found) => found !== null);
}

describe('removing what no run refers to', () => {
  it('removes nothing while both runs are there', async () => {
    await publish(one);
    await publish(two);
    expect(await collect()).toEqual([]);
    expect(await isWhole(one)).toBe(true);
    expect(await isWhole(two)).toBe(true);
  });

  it('keeps what a run shares with one whose folder was deleted, and removes the rest', async () => {
    await publish(one);
    await publish(two);
    removeFolder('two');
    expect(await collect()).toEqual(['chains', 'matches', 'matches']);
    expect(await isWhole(one)).toBe(true);
    expect(await findIntactMatch(store, two.matches[0]!.key)).toBeNull();
    expect(await collect()).toEqual([]);
  });

  it('removes everything, and leaves no object, when no run is left', async () => {
    expect(await collect()).toEqual([
      'chains',
      'chains',
      'folded',
      'folded',
      'folded',
      ...Array<string>(4).fill('matches'),
    ]);
    expect(await store.list('')).toEqual([]);
  });

  it('keeps what is younger than it is told to', async () => {
    const hourAgo = new Date(Date.now() - 3_600_000);
    expect(await find(hourAgo)).toMatchObject({ garbage: [], used: 0, young: 9 });
    const old = matchObject(one.matches[0]!.key, 'matches.parquet');
    utimesSync(store.url(old), new Date(0), new Date(0));
    expect((await find(hourAgo)).garbage).toEqual([]);
    for (const key of await store.list('artifacts/')) utimesSync(store.url(key), new Date(0), new Date(0));
    expect((await find(hourAgo)).garbage).toHaveLength(9);
  });

  it('removes the record of an artifact before its bytes', async () => {
    const { garbage } = await find();
    for (const { kind, objects } of garbage) {
      expect(objects[0]).toMatch(/(stored\.json|summary\.json|chains\.parquet)$/);
      expect(objects.length).toBe({ folded: 3, matches: 5, chains: 2 }[kind as 'folded']);
    }
    const folded = garbage.find(({ kind }) => kind === 'folded')!;
    await store.delete(folded.objects[0]!);
    expect(await hasFolded(store, folded.key)).toBe(false);
  });

  it('knows what a manifest of an earlier version refers to, which does not list it', async () => {
    await publish(one);
    const manifest = (await readManifest(store, 'runs/one/manifest.json')) as RunManifest;
    const { content_keys: keys, ...earlier } = manifest;
    expect(keys).toEqual(plannedKeys(spec, one.plan));
    await writeManifest(store, 'runs/one/manifest.json', earlier);
    expect(await collect()).toEqual(['chains', 'matches', 'matches']);
    expect(await isWhole(one)).toBe(true);
  });

  it('leaves alone what it does not know', async () => {
    await store.put('artifacts/other/0/file', Buffer.from('x'));
    await store.put(`artifacts/later/${'a'.repeat(64)}/file`, Buffer.from('x'));
    await store.put('artifacts/writable-17', Buffer.from('x'));
    await collect();
    expect(await store.list('artifacts/')).toEqual([
      `artifacts/later/${'a'.repeat(64)}/file`,
      'artifacts/other/0/file',
    ]);
  });
});

describe('an unfinished run', () => {
  it('keeps all it may look for, until it is published', async () => {
    await plan(one);
    expect(await collect()).toEqual(['chains', 'matches', 'matches']);
    expect(await isWhole(one)).toBe(true);
    await publish(one);
    expect(await store.list('runs/one/plan')).toEqual([]);
    expect(await collect()).toEqual([]);
  });

  it('keeps its chains, whichever of its steps failed', async () => {
    await plan(one);
    await publish(two);
    const layers = (await foldAll(spec)).map((folded) => ({ layer: folded.layer, folded }));
    const chains = await buildChainsTask({ spec, layers, steps: [one.matches[0]!, null] }, silentContext);
    expect(chains.key).not.toBe(one.chains!.key);
    expect(await collect()).toEqual([]);
    await discardRun(store, { runId: 'one' });
    expect(await collect()).toEqual(['chains', 'chains', 'matches', 'matches']);
  });

  it('keeps the state of its matches, which is removed when no unfinished run needs it', async () => {
    const state = matchObject(one.matches[0]!.key, CHECKPOINT);
    await store.put(state, Buffer.from('state'));
    await plan(one);
    await publish(two);
    expect(await collect()).toEqual([]);
    await publish(one);
    expect(await collect()).toEqual(['unfinished']);
    expect(await store.stat(state)).toBeNull();
    expect(await isWhole(one)).toBe(true);
  });

  it('counts no more once it is abandoned or discarded', async () => {
    await plan(one);
    await publish(two);
    expect((await find(soon(), new Set(['one']))).garbage).toHaveLength(3);
    expect((await find()).garbage).toHaveLength(0);
    await discardRun(store, { runId: 'one' });
    expect(await store.list('runs/one/')).toEqual([]);
    expect((await find()).garbage).toHaveLength(3);
  });

  it('is safe also when it begins after the search', async () => {
    const { garbage } = await find();
    await plan(one);
    await removeGarbage(store, garbage, { abandoned: NOBODY, before: soon() });
    expect(await isWhole(one)).toBe(true);
    expect(await isWhole(two)).toBe(false);
  });

  it('that is published already keeps its results when its second attempt is discarded', async () => {
    await publish(one);
    await plan(one);
    await discardRun(store, { runId: 'one' });
    expect(await store.list('runs/one/plan')).toEqual([]);
    await readManifest(store, 'runs/one/manifest.json');
  });
});

describe('doubt', () => {
  it.each(['manifest.json', 'plan.json'])('a broken %s stops it, and says which', async (name) => {
    await publish(one);
    await publish(two);
    await plan(one);
    writeFileSync(store.url(`runs/one/${name}`), '{"schema":');
    const before = await store.list('');
    const error: unknown = await collect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArtifactCorruptError);
    expect((error as Error).message).toContain(store.url(`runs/one/${name}`));
    expect(await store.list('')).toEqual(before);
  });

  it('a manifest of a newer version stops it', async () => {
    await store.put('runs/new/manifest.json', Buffer.from('{"schema":"sae-match/manifest@9"}'));
    await expect(collect()).rejects.toThrow('nothing is removed');
  });

  it('to abandon a run that is none that is unfinished is a mistake', async () => {
    await publish(one);
    await expect(readRoots(store, new Set(['one']))).rejects.toBeInstanceOf(UsageError);
  });
});
