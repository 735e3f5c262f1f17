import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasFolded, readFolded, writeFolded } from '../../../activities/steps/folded-artifact';
import { readFoldedRecord } from '../../../activities/steps/folded-record';
import { foldedObject, foldedPart, foldedRecord } from '../../../activities/steps/keys';
import { silentContext } from '../../../activities/task-context';
import type { FoldedRead, TaskContext } from '../../../activities/task-context';
import { FileStore } from '../../../artifacts/store/file-store';
import type { ObjectStore } from '../../../artifacts/store/object-store';
import { ArtifactCorruptError, UnavailableError } from '../../../matching/errors';
import type { FoldedLayer } from '../../../matching/folding';
import { rowsFromArray } from '../../../matching/row-matrix';
import type { CanonicalMetadata, CanonicalTensors } from '../../../sae/canonical-file';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { randomNumbers } from '../../matching/random-features';
import { RemoteStore } from '../../support/remote-store';
import { createSmallDisk } from '../../support/small-disk';

const newFolder = temporaryFolders();
const KEY = 'k1';
const [FEATURES, WIDTH] = [480, 128];
/** Header, four parts of matrices, vectors. */
const PART = 128 * 1024;
const PARTS = 6;
const MATRIX_BYTES = FEATURES * WIDTH * 4;

const random = randomNumbers(1);
const numbers = (length: number): Float32Array => Float32Array.from({ length }, random);
const tensors: CanonicalTensors = {
  encoder: rowsFromArray(numbers(FEATURES * WIDTH), FEATURES, WIDTH),
  encoderBias: numbers(FEATURES),
  decoder: rowsFromArray(numbers(FEATURES * WIDTH), FEATURES, WIDTH),
  decoderBias: numbers(WIDTH),
  threshold: null,
  excluded: null,
  selectScale: null,
  skip: null,
};
const metadata: CanonicalMetadata = {
  ...{ activation: 'relu', k: null, gauge: 'decoder_norm', inputNorm: 'none', layer: 3, hook: null },
};

let cacheFolder: string;
const before = process.env.SAE_MATCH_CACHE;
beforeEach(() => {
  cacheFolder = join(newFolder(), 'cache');
  process.env.SAE_MATCH_CACHE = cacheFolder;
});
afterAll(() => {
  if (before === undefined) delete process.env.SAE_MATCH_CACHE;
  else process.env.SAE_MATCH_CACHE = before;
});

/** A context that keeps what it is told. */
function watching() {
  const reads: FoldedRead[] = [];
  const notes: string[] = [];
  const context: TaskContext = {
    ...silentContext,
    onFoldedRead: (read) => reads.push(read),
    onNote: (note) => notes.push(note),
  };
  const count = (from: FoldedRead['from']): number => reads.filter((read) => read.from === from).length;
  const fetched = (): number => reads.reduce((sum, { fetchedBytes }) => sum + fetchedBytes, 0);
  return { context, notes, count, fetched };
}

const write = (store: ObjectStore, partBytes = PART): Promise<void> =>
  writeFolded(store, KEY, tensors, metadata, silentContext, partBytes);

/** A remote store that another machine has written the layer to. */
async function remote(): Promise<{ store: RemoteStore; folder: string }> {
  const folder = newFolder();
  await write(new FileStore(folder));
  return { store: new RemoteStore(new FileStore(folder)), folder };
}

function expectLayer(layer: FoldedLayer): void {
  const same = (a: Float32Array, b: unknown): boolean =>
    Buffer.from(a.buffer).equals(Buffer.from((b as Float32Array).buffer));
  expect(same(layer.decoder.blocks[0]!, tensors.decoder.blocks[0])).toBe(true);
  expect(same(layer.encoder.blocks[0]!, tensors.encoder.blocks[0])).toBe(true);
  expect(same(layer.encoderBias, tensors.encoderBias)).toBe(true);
}

function damage(file: string): void {
  const content = readFileSync(file);
  content[content.length >> 1]! ^= 1;
  writeFileSync(file, content);
}

describe('a folded layer', () => {
  it('is one object where that is not too large, else several, and reads the same', async () => {
    for (const [partBytes, parts] of [
      [2 * MATRIX_BYTES + 10_000, 1],
      [PART, PARTS],
      [10_000, Math.ceil((2 * MATRIX_BYTES) / 10_000)],
    ] as const) {
      const store = new FileStore(newFolder());
      await write(store, partBytes);
      const stored = (await store.list('artifacts/folded/')).filter((key) => key !== foldedRecord(KEY));
      const expected = Array.from({ length: parts }, (_, part) => foldedPart(KEY, part));
      expect(stored).toEqual(parts === 1 ? [foldedObject(KEY)] : expected);
      expect(await hasFolded(store, KEY)).toBe(true);
      expectLayer(await readFolded(store, KEY, silentContext));
    }
  });

  it.each([0, 1, PARTS - 1])('is missing when its part %i is damaged, cut or gone', async (part) => {
    const folder = newFolder();
    const here = new FileStore(folder);
    const stores = [here, new RemoteStore(here), new RemoteStore(here, true)];
    const file = join(folder, foldedPart(KEY, part));
    const changes = [
      () => {
        damage(file);
      },
      () => {
        writeFileSync(file, readFileSync(file).subarray(1));
      },
      () => {
        rmSync(file);
      },
    ];
    for (const change of changes) {
      await write(here);
      for (const store of stores) expect(await hasFolded(store, KEY)).toBe(true);
      change();
      for (const store of stores) expect(await hasFolded(store, KEY)).toBe(false);
    }
  });

  it('is found without reading it in a store that states the checksums of its objects', async () => {
    const folder = newFolder();
    await write(new FileStore(folder));
    const store = new RemoteStore(new FileStore(folder), true);
    expect(await hasFolded(store, KEY)).toBe(true);
    expect(store.readOf()).toBe(0);
  });

  it.each(['', '{', '{}', '{"parts":[]}', '{"parts":[{"key":1}]}'])(
    'is missing when its record is %j',
    async (text) => {
      const store = new FileStore(newFolder());
      await write(store);
      await store.put(foldedRecord(KEY), Buffer.from(text));
      expect(await hasFolded(store, KEY)).toBe(false);
      await expect(readFolded(store, KEY, silentContext)).rejects.toThrow(ArtifactCorruptError);
    }
  );
});

describe('a folded layer of a store on this machine', () => {
  it('is read from there, without the cache', async () => {
    const store = new FileStore(newFolder());
    await write(store);
    const { context, count } = watching();
    expectLayer(await readFolded(store, KEY, context));
    expect([count('cached'), count('fetched')]).toEqual([0, 0]);
    // What is small is read before and after the matrices.
    expect(count('local')).toBeLessThanOrEqual(PARTS + 1);
    expect(() => readdirSync(cacheFolder)).toThrow('ENOENT');
  });

  it.each(Array.from({ length: PARTS }, (_, part) => part))('is not read when its part %i is damaged', async (part) => {
    const folder = newFolder();
    const store = new FileStore(folder);
    await write(store);
    damage(join(folder, foldedPart(KEY, part)));
    await expect(readFolded(store, KEY, silentContext)).rejects.toThrow(ArtifactCorruptError);
  });
});

describe('a folded layer of a remote store', () => {
  it('is fetched once a machine, however many pairs need it', async () => {
    const { store } = await remote();
    const { context, count, fetched } = watching();
    for (let pair = 0; pair < 4; pair++) expectLayer(await readFolded(store, KEY, context));
    const bytes = (await readFoldedRecord(store, KEY))!.reduce((sum, part) => sum + part.bytes, 0);
    expect([count('local'), count('cached'), count('fetched')]).toEqual([0, 3 * PARTS, PARTS]);
    expect([fetched(), store.readOf()]).toEqual([bytes, bytes]);
  });

  it('is fetched once a machine by any number of processes', async () => {
    const { store, folder } = await remote();
    const script = join(__dirname, 'folded-process.cjs');
    const run = async (): Promise<number> => {
      const { stdout } = await promisify(execFile)(process.execPath, [script, folder, KEY, '3'], { env: process.env });
      return Number(stdout);
    };
    const fetched = await Promise.all([run(), run(), run()]);
    const bytes = (await readFoldedRecord(store, KEY))!.reduce((sum, part) => sum + part.bytes, 0);
    expect(fetched.reduce((sum, count) => sum + count)).toBe(bytes);
  });

  it('is never fetched by the machine that folded it', async () => {
    const store = new RemoteStore(new FileStore(newFolder()));
    await write(store);
    const { context, fetched } = watching();
    expectLayer(await readFolded(store, KEY, context));
    expect([fetched(), store.readOf()]).toEqual([0, 0]);
  });

  it('is fetched as far as it is needed', async () => {
    const { store } = await remote();
    const parts = (await readFoldedRecord(store, KEY))!;
    await readFolded(store, KEY, silentContext, []);
    expect([...store.bytesRead.keys()]).toEqual([foldedPart(KEY, 0), foldedPart(KEY, PARTS - 1)]);
    await readFolded(store, KEY, silentContext, ['decoder']);
    expect(store.readOf()).toBe([0, 1, 2, 5].reduce((sum, index) => sum + parts[index]!.bytes, 0));
  });

  it('is fetched again after an error on the way, and where the copy of this machine is damaged', async () => {
    const { store } = await remote();
    const { context, count, fetched } = watching();
    store.faults.push({ key: foldedPart(KEY, 2), kind: 'flip' });
    expectLayer(await readFolded(store, KEY, context));
    const bytes = (await readFoldedRecord(store, KEY))!.map((part) => part.bytes);
    const total = bytes.reduce((sum, count) => sum + count);
    expect([count('fetched'), fetched()]).toEqual([PARTS, total + bytes[2]!]);

    for (const name of readdirSync(cacheFolder)) damage(join(cacheFolder, name));
    expectLayer(await readFolded(store, KEY, context));
    expect([count('fetched'), fetched()]).toEqual([2 * PARTS, 2 * total + bytes[2]!]);
  });

  it('that is damaged there is reported, never passed on, and can be folded again', async () => {
    const { store, folder } = await remote();
    damage(join(folder, foldedPart(KEY, 3)));
    const reading = readFolded(store, KEY, silentContext);
    await expect(reading).rejects.toThrow(ArtifactCorruptError);
    await expect(reading).rejects.toThrow(/part-0003.*CRC32C/);
    expect(await hasFolded(store, KEY)).toBe(false);
    await write(store);
    expectLayer(await readFolded(store, KEY, silentContext));
  });

  it('of which an object is gone is reported as missing, and a store that does not answer as that', async () => {
    const { store } = await remote();
    store.faults.push({ key: foldedPart(KEY, 0), kind: new UnavailableError('the bucket cannot answer now') });
    await expect(readFolded(store, KEY, silentContext)).rejects.toThrow(UnavailableError);
    await store.delete(foldedPart(KEY, 4));
    await expect(readFolded(store, KEY, silentContext)).rejects.toThrow(ArtifactCorruptError);
  });

  it('stays readable while the cache drops what it fetched a moment ago', async () => {
    process.env.SAE_MATCH_CACHE_LIMIT = '1kB';
    try {
      const { store } = await remote();
      for (let n = 0; n < 2; n++) expectLayer(await readFolded(store, KEY, silentContext));
      expect(readdirSync(cacheFolder)).toHaveLength(1);
    } finally {
      delete process.env.SAE_MATCH_CACHE_LIMIT;
    }
  });

  it('is read from the store, and said so once, where the cache cannot be used', async () => {
    writeFileSync(cacheFolder, 'a file where a folder is needed');
    const { store, folder } = await remote();
    const { context, notes, count, fetched } = watching();
    store.faults.push({ key: foldedPart(KEY, 2), kind: 'flip' });
    expectLayer(await readFolded(store, KEY, context));
    expect(notes).toEqual([expect.stringMatching(/^folded layers are not kept on this machine/)]);
    expect([count('cached'), fetched()]).toEqual([0, store.readOf()]);
    await write(store);
    damage(join(folder, foldedPart(KEY, 3)));
    await expect(readFolded(store, KEY, context)).rejects.toThrow(ArtifactCorruptError);
  });

  it('stops being fetched when the work is cancelled', async () => {
    const { store } = await remote();
    const stop = new Error('stop');
    const context = {
      ...silentContext,
      throwIfCancelled: () => {
        throw stop;
      },
    };
    await expect(readFolded(store, KEY, context)).rejects.toBe(stop);
    expect(store.readOf(foldedPart(KEY, 1))).toBe(0);
  });
});

const disk = createSmallDisk(64 * 1024);
afterAll(() => disk?.remove());
/** Mounting needs rights that a test may not have. */
const onSmallDisk = disk === null ? it.skip : it;

onSmallDisk('a full disk of the cache fails neither folding nor reading', async () => {
  process.env.SAE_MATCH_CACHE = disk!.folder;
  const store = new RemoteStore(new FileStore(newFolder()));
  const { context, notes, fetched } = watching();
  await writeFolded(store, KEY, tensors, metadata, context, PART);
  expectLayer(await readFolded(store, KEY, context));
  expect(fetched()).toBe(store.readOf());
  expect(notes).toEqual([
    expect.stringContaining('no space left on the disk'),
    expect.stringContaining('no space left on the disk'),
  ]);
});
