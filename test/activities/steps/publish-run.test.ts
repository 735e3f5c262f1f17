import { createHash } from 'node:crypto';
import { matchObject } from '../../../activities/steps/keys';
import { failuresByPair } from '../../../activities/steps/failure-of';
import { discardRun, publishRun } from '../../../activities/steps/publish-run';
import type { RunManifest } from '../../../artifacts/manifest';
import { readManifest } from '../../../artifacts/manifest';
import type { FileStore } from '../../../artifacts/store/file-store';
import { decodeChains } from '../../../artifacts/tables/chains';
import { decodePairs } from '../../../artifacts/tables/pairs';
import { getVerified } from '../../../artifacts/verified';
import { ArtifactCorruptError, CancelledError } from '../../../matching/errors';
import type { PublishInput } from '../../../workflows/activity-types';
import type { Failure } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { prepareRun, smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const finished = new Date('2026-01-01T00:01:30.000Z');

let store: FileStore;
let input: PublishInput;
beforeEach(async () => {
  const spec = smallModel(newFolder());
  store = storeOf(spec);
  input = await prepareRun(spec, 'run');
});

const publish = (change: Partial<PublishInput> = {}): ReturnType<typeof publishRun> =>
  publishRun(store, { ...input, ...change }, finished);
const manifest = async (): Promise<RunManifest> => (await readManifest(store, 'runs/run/manifest.json')) as RunManifest;

async function hashes(): Promise<Record<string, string>> {
  const keys = await store.list('runs/run/');
  const contents = await Promise.all(keys.map((key) => store.get(key)));
  return Object.fromEntries(
    keys.map((key, index) => [key, createHash('sha256').update(contents[index]!).digest('hex')])
  );
}

describe('a published run', () => {
  it('has exactly the files that its manifest lists, with their checksums', async () => {
    const outcome = await publish();
    expect(outcome).toEqual({
      state: 'done',
      location: store.url('runs/run'),
      pairsDone: 2,
      pairsCached: 0,
      failures: [],
    });
    const { artifacts, timings, spec, inputs } = await manifest();
    for (const { path, bytes, crc32c } of artifacts) {
      await getVerified(store, { key: `runs/run/${path}`, bytes, crc32c });
    }
    const listed = artifacts.map(({ path }) => path);
    expect(await store.list('runs/run/')).toEqual(
      [...listed, 'manifest.json'].sort().map((path) => `runs/run/${path}`)
    );
    expect(listed).toContain('matches/source=00/target=01/matches.parquet');
    expect(listed).toHaveLength(2 * 3 + 2);
    expect(timings.seconds).toBe(90);
    expect(spec).toEqual(input.request.spec);
    expect(inputs.map(({ layer, path }) => [layer, path])).toEqual(
      [0, 1, 2].map((layer) => [layer, `${input.request.spec.source}#${layer}`])
    );
  });

  it('lists the content keys that it was made of', async () => {
    await publish({ matches: input.matches.slice(0, 1), chains: null });
    const { content_keys: keys } = await manifest();
    expect(keys).toMatchObject({ matches: [input.matches[0]!.key], chains: [] });
    const folded = (await store.list('artifacts/folded/')).map((key) => key.split('/')[2]!);
    expect(keys!.folded).toEqual([...new Set(folded)]);
  });

  it('has one row a pair, with the comparison of composed matches where there is one', async () => {
    await publish({ composed: [[1, 2, 0.5, 3]] });
    const rows = await decodePairs(await store.get('runs/run/pairs.parquet'));
    expect(
      rows.map(({ source_layer, target_layer, status, matched }) => [source_layer, target_layer, status, matched])
    ).toEqual([
      [0, 1, 'done', 16],
      [1, 2, 'done', 16],
    ]);
    expect(
      rows.map(({ composed_agreement, composed_extra_cost }) => [composed_agreement, composed_extra_cost])
    ).toEqual([
      [null, null],
      [0.5, 3],
    ]);
  });

  it('has chains through every layer', async () => {
    await publish();
    const { chainId, layer } = await decodeChains(await store.get('runs/run/chains.parquet'));
    expect(chainId).toHaveLength(3 * 16);
    expect([...layer.subarray(0, 3)]).toEqual([0, 1, 2]);
  });

  it('is the same file for file when it is published again', async () => {
    await publish();
    const first = await hashes();
    await publish();
    expect(await hashes()).toEqual(first);
  });

  it('names no time, folder or run in a table', async () => {
    await publish();
    for (const key of (await store.list('runs/run/')).filter((name) => name.endsWith('.parquet'))) {
      const text = (await store.get(key)).toString('latin1');
      for (const secret of [store.root, input.request.spec.source, process.version, '2026-'])
        expect(text).not.toContain(secret);
    }
  });
});

describe('a run that failed in part', () => {
  const failure: Failure = { what: 'match', layers: [1, 2], type: 'InputError', message: 'it does not fit' };

  it('lists the failed pair with its reason and nothing of its tables', async () => {
    expect(await publish({ matches: input.matches.slice(0, 1), failures: [failure] })).toMatchObject({
      state: 'partial',
      pairsDone: 1,
    });
    const { state, pairs, failures, artifacts } = await manifest();
    expect(state).toBe('partial');
    expect(pairs).toEqual([
      { source_layer: 0, target_layer: 1, status: 'done' },
      { source_layer: 1, target_layer: 2, status: 'failed', error: 'it does not fit' },
    ]);
    expect(failures).toEqual([failure]);
    expect(artifacts.filter(({ path }) => path.includes('target=02'))).toEqual([]);
    const [, row] = await decodePairs(await store.get('runs/run/pairs.parquet'));
    expect(row).toMatchObject({
      status: 'failed',
      error: 'it does not fit',
      objective: null,
      matched: null,
      source_features: 16,
    });
  });

  it('is failed when no pair was matched', async () => {
    const outcome = await publish({ matches: [], failures: [failure], chains: null });
    expect(outcome.state).toBe('failed');
    const { state, artifacts } = await manifest();
    expect([state, artifacts.map(({ path }) => path)]).toEqual(['failed', ['pairs.parquet']]);
  });

  it('gives a pair its own failure before that of a layer, and none of another pair', () => {
    const layer: Failure = { what: 'fold', layers: [1], type: 'InputError', message: 'broken' };
    expect(failuresByPair([layer, failure])(1, 2)).toBe(failure);
    expect(failuresByPair([failure, layer])(0, 1)).toBe(layer);
    expect(failuresByPair([failure, layer])(2, 1)).toBe(layer);
    expect(failuresByPair([failure, layer])(0, 2)).toBeUndefined();
  });
});

describe('a manifest', () => {
  it('is not there while tables are missing, even if there was one before', async () => {
    await publish();
    await store.delete(matchObject(input.matches[1]!.key, 'summary.json'));
    await expect(publish()).rejects.toThrow(ArtifactCorruptError);
    await expect(publish()).rejects.toThrow(/pair 1:2: the tables of a matched pair are gone/);
    expect(await store.stat('runs/run/manifest.json')).toBeNull();
  });
});

describe('discarding a run', () => {
  it('removes what it has put into its folder and keeps what others can use', async () => {
    await publish();
    await store.delete('runs/run/manifest.json');
    await store.put('runs/runner/manifest.json', Buffer.from('{}'));
    const artifacts = await store.list('artifacts/');
    await discardRun(store, input.request);
    expect(await store.list('runs/')).toEqual(['runs/runner/manifest.json']);
    expect(await store.list('artifacts/')).toEqual(artifacts);
  });

  it('does not touch a run that is published', async () => {
    await publish();
    const before = await hashes();
    await discardRun(store, input.request);
    expect(await hashes()).toEqual(before);
  });
});

describe('while a run is published', () => {
  it('says how many pairs are done, and stops when it is cancelled, without a manifest', async () => {
    const told: number[] = [];
    const context = {
      onProgress: ({ done }: { done: number }): void => void told.push(done),
      throwIfCancelled: () => undefined,
    };
    await publishRun(store, input, finished, context);
    expect(told).toEqual([1, 2]);

    const throwIfCancelled = (): void => {
      throw new CancelledError();
    };
    await expect(publishRun(store, input, finished, { ...context, throwIfCancelled })).rejects.toThrow(CancelledError);
    expect(await store.stat('runs/run/manifest.json')).toBeNull();
  });
});
