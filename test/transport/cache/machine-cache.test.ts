import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UnavailableError } from '../../../matching/errors';
import type { CacheEntry, FetchBytes } from '../../../transport/cache/cache-entry';
import { WrongContentError } from '../../../transport/cache/content-sums';
import { CacheDiskError } from '../../../transport/cache/disk-error';
import { readContent } from '../../../transport/cache/file-content';
import { MachineCache } from '../../../transport/cache/machine-cache';
import { crc32c } from '../../../transport/crc32c';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { createSmallDisk } from '../../support/small-disk';

const newFolder = temporaryFolders();
const contentOf = (letter: string, bytes = 1000): Buffer => Buffer.alloc(bytes, letter);
const entryOf = (name: string, content: Buffer): CacheEntry => ({
  ...{ name, version: '1', bytes: content.length, crc32c: crc32c(content) },
});

/** A place that has one content, and counts how often it is asked. */
function place(content: Buffer): { readonly fetch: FetchBytes; asked: number; wrong: number } {
  const state = {
    asked: 0,
    wrong: 0,
    fetch: async function* ({ start, end }: { start: number; end: number }) {
      state.asked += 1;
      const piece = Buffer.from(content.subarray(start, end));
      if (state.wrong > 0) {
        state.wrong -= 1;
        piece[piece.length >> 1]! ^= 1;
      }
      yield await Promise.resolve(piece);
    },
  };
  return state;
}

async function read(cache: MachineCache, entry: CacheEntry, fetch: FetchBytes): Promise<Buffer> {
  const handle = await cache.open(entry, fetch, { checked: true });
  try {
    return await readContent(handle, 0, entry.bytes);
  } finally {
    await handle.close();
  }
}

describe('the cache of a machine', () => {
  it('fetches a file once, also for a cache over the same folder that comes later', async () => {
    const [folder, content] = [newFolder(), contentOf('a')];
    const source = place(content);
    for (let n = 0; n < 3; n++) {
      const cache = new MachineCache(folder, 1e6);
      expect(await read(cache, entryOf('a', content), source.fetch)).toEqual(content);
    }
    expect(source.asked).toBe(1);
  });

  it('is shared by processes: each file is fetched by one of them', async () => {
    const folder = newFolder();
    const file = join(newFolder(), 'content');
    writeFileSync(file, contentOf('a', 3 << 20));
    const script = join(__dirname, 'cache-process.cjs');
    const run = async (): Promise<number[]> => {
      const { stdout } = await promisify(execFile)(process.execPath, [script, folder, file, '12']);
      return JSON.parse(stdout) as number[];
    };
    const fetched = (await Promise.all([run(), run(), run()])).flat();
    expect(fetched.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(readdirSync(folder)).toHaveLength(12);
  });

  it('may drop a file that is being read: the reader reads on, and the next one fetches it again', async () => {
    const cache = new MachineCache(newFolder(), 1500);
    const [a, b] = [contentOf('a'), contentOf('b')];
    const [first, second] = [place(a), place(b)];
    const handle = await cache.open(entryOf('a', a), first.fetch);
    await read(cache, entryOf('b', b), second.fetch);
    expect(await cache.find(entryOf('a', a))).toBeNull();
    expect(await readContent(handle, 0, 1000)).toEqual(a);
    await handle.close();
    expect(await read(cache, entryOf('a', a), first.fetch)).toEqual(a);
    expect(first.asked).toBe(2);
  });

  it('finds a file that was damaged on the disk, and fetches it again', async () => {
    const [folder, content] = [newFolder(), contentOf('a')];
    const source = place(content);
    const cache = new MachineCache(folder, 1e6);
    const path = await cache.obtain(entryOf('a', content), source.fetch);
    const damaged = readFileSync(path);
    damaged[500]! ^= 1;
    writeFileSync(path, damaged);
    expect(await read(cache, entryOf('a', content), source.fetch)).toEqual(content);
    expect(source.asked).toBe(2);
    expect(await read(cache, entryOf('a', content), source.fetch)).toEqual(content);
    expect(source.asked).toBe(2);
  });

  it('takes what was changed on the way anew, and gives up on what is always wrong, leaving nothing', async () => {
    const [folder, content] = [newFolder(), contentOf('a')];
    const cache = new MachineCache(folder, 1e6);
    const source = place(content);
    source.wrong = 2;
    expect(await read(cache, entryOf('a', content), source.fetch)).toEqual(content);
    expect(source.asked).toBe(3);

    const broken = place(content);
    broken.wrong = Infinity;
    const reading = read(cache, entryOf('b', content), broken.fetch);
    await expect(reading).rejects.toThrow(WrongContentError);
    await expect(reading).rejects.toThrow(UnavailableError);
    expect(broken.asked).toBe(3);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('passes on what the place says, and goes on with what had arrived', async () => {
    const [folder, content] = [newFolder(), contentOf('a')];
    const cache = new MachineCache(folder, 1e6);
    const asked: number[] = [];
    const reset = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
    const fetch: FetchBytes = async function* ({ start, end }) {
      asked.push(start);
      yield await Promise.resolve(content.subarray(start, start === 0 ? 300 : end));
      if (start === 0) throw reset;
    };
    await expect(cache.obtain(entryOf('a', content), fetch)).rejects.toBe(reset);
    expect(await read(cache, entryOf('a', content), fetch)).toEqual(content);
    expect(asked).toEqual([0, 300]);
  });

  it('says that its folder cannot be used', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    const source = place(contentOf('a'));
    const obtaining = new MachineCache(join(file, 'cache'), 1e6).obtain(entryOf('a', contentOf('a')), source.fetch);
    await expect(obtaining).rejects.toThrow(CacheDiskError);
    expect(source.asked).toBe(0);
  });
});

describe('the cache of a machine whose disk is full', () => {
  const MIB = 2 ** 20;
  const disk = createSmallDisk(2 * MIB);
  afterAll(() => disk?.remove());
  const folder = disk?.folder ?? '';
  /** Mounting needs rights that a test may not have. */
  const onSmallDisk = disk === null ? it.skip : it;

  onSmallDisk('drops what was used least recently, whatever its limit', async () => {
    const cache = new MachineCache(folder, 1e9);
    const contents = ['a', 'b', 'c', 'd'].map((letter) => contentOf(letter, 0.9 * MIB));
    for (const [index, content] of contents.entries()) {
      const found = await read(cache, entryOf(`${index}`, content), place(content).fetch);
      expect(found.equals(content)).toBe(true);
    }
    const found = contents.map((content, index) => cache.find(entryOf(`${index}`, content)));
    expect((await Promise.all(found)).map((path) => path !== null)).toEqual([false, false, true, true]);
  });

  onSmallDisk('says so when it has nothing more to drop, and leaves nothing of what did not fit', async () => {
    const cache = new MachineCache(folder, 1e9);
    const content = contentOf('x', 3 * MIB);
    await expect(cache.obtain(entryOf('x', content), place(content).fetch)).rejects.toThrow(
      /no space left on the disk/
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
