import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, InputError, UnavailableError } from '../../../matching/errors';
import { listSaes } from '../../../sae/catalogue';
import { loadSae } from '../../../sae/load-sae';
import { hashInputs } from '../../../sae/hash-inputs';
import { MachineCache } from '../../../transport/cache/machine-cache';
import { openLocalSource } from '../../../sae/sources/local-source';
import { openHub } from '../../../sae/sources/remote/hub-place';
import { RemoteSource } from '../../../sae/sources/remote/remote-source';
import { filesBelow, sha256, startHubServer } from '../../support/hub-server';
import type { HubServer } from '../../support/hub-server';

const FIXTURES = join(__dirname, '../../fixtures/formats');
const FOLDER = join(FIXTURES, 'saelens');
const PATIENCE = { attempts: 4, firstDelayMs: 5, stallMs: 1500 };
const TOKEN = 'hf_planted_secret';

let hub: HubServer;
let scratch: string;
let files: ReadonlyMap<string, Buffer>;
let weights: string;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sae-match-hub-'));
  files = filesBelow(FOLDER);
  weights = [...files.keys()].find((path) => path.endsWith('sae_weights.safetensors'))!;
  const changed = new Map(files).set(weights, Buffer.concat([files.get(weights)!, Buffer.from(' ')]));
  hub = await startHubServer({
    'org/saes': { commits: { c1: files, c2: changed }, revisions: { main: 'c1', next: 'c2' } },
    'org/gated': { commits: { c1: files }, revisions: { main: 'c1' }, token: TOKEN },
  });
});
afterEach(async () => {
  await hub.close();
  rmSync(scratch, { recursive: true, force: true });
});

const cacheFolder = (): string => join(scratch, 'cache');
const cacheOf = (limit = 1e9): MachineCache => new MachineCache(cacheFolder(), limit);
async function open(location: string, { env = {}, cache = cacheOf() } = {}): Promise<RemoteSource> {
  const place = await openHub(location, { HF_ENDPOINT: hub.url, HOME: scratch, ...env }, PATIENCE);
  return new RemoteSource(place, cache, PATIENCE);
}
const kept = (): string[] => (existsSync(cacheFolder()) ? readdirSync(cacheFolder()) : []);

describe('a repository of the Hub', () => {
  it('lists the same SAEs as the same files in a local folder, over all pages, and loads the same weights', async () => {
    const local = await openLocalSource(FOLDER);
    const remote = await open('hf://org/saes');
    const [here, there] = [await listSaes(local), await listSaes(remote)];
    const plain = (entries: typeof here): unknown =>
      entries.map(({ files: own, ...entry }) => ({ ...entry, files: own.map(({ path, bytes }) => ({ path, bytes })) }));
    expect(plain(there)).toEqual(plain(here));
    for (const [index, entry] of there.entries()) {
      expect(await loadSae(remote, entry)).toEqual(await loadSae(local, here[index]!));
    }
  });

  it('is listed by headers alone, and downloaded once', async () => {
    const remote = await open('hf://org/saes');
    const entries = await listSaes(remote);
    expect(kept()).toEqual([]);
    await hashInputs(remote, entries[0]!, { trustPlace: true });
    const bodies = (): number => [...hub.lfs.sent.values()].reduce((sum, bytes) => sum + bytes, 0);
    await loadSae(remote, entries[0]!);
    const once = bodies();
    await loadSae(await open('hf://org/saes'), entries[0]!);
    expect(bodies()).toBe(once);
  });

  it('is fixed to the commit of its revision, and fixed there again by its pinned location', async () => {
    const remote = await open('hf://org/saes@next');
    expect(remote.pinned).toBe('hf://org/saes@c2');
    expect((await (await open(remote.pinned)).list()).find(({ path }) => path === weights)!.sha256).toBe(
      sha256(Buffer.concat([files.get(weights)!, Buffer.from(' ')]))
    );
    expect((await open('hf://org/saes')).pinned).toBe('hf://org/saes@c1');
  });

  it('may be named by a folder, or by a file whose configuration lies beside it', async () => {
    const folder = weights.slice(0, weights.lastIndexOf('/'));
    for (const path of [folder, weights]) {
      const entries = await listSaes(await open(`hf://org/saes/${path}`));
      expect(entries).toHaveLength(1);
      expect(entries[0]!.error).toBeNull();
      expect(entries[0]!.files.map((file) => file.path)).toContain('cfg.json');
    }
  });

  it('that is gated is read with the token, which no other host sees', async () => {
    await expect(open('hf://org/gated')).rejects.toThrow(/org\/gated: the file may not be read .*401.*HF_TOKEN/);
    const remote = await open('hf://org/gated', { env: { HF_TOKEN: TOKEN } });
    await loadSae(remote, (await listSaes(remote))[0]!);
    expect(hub.lfs.requests.length).toBeGreaterThan(0);
    expect(hub.lfs.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    writeFileSync(join(scratch, 'token'), `${TOKEN}\n`);
    await open('hf://org/gated', { env: { HF_HOME: scratch } });
  });

  it('that is not there, or has no such revision or path, is an input error', async () => {
    for (const location of [
      'hf://org/none',
      'hf://org/saes@none',
      'hf://org/saes/none',
      'hf://saes',
      'hf://datasets/a/b',
    ]) {
      await expect(open(location)).rejects.toThrow(InputError);
    }
  });
});

describe('transfers from the Hub', () => {
  const read = async (): Promise<Buffer> => {
    const remote = await open('hf://org/saes');
    await remote.bringHere([weights]);
    return remote.read(weights);
  };

  it.each(['status 503', 'status 429', 'reset', 'cut', 'stall', 'flip'] as const)(
    'give the right bytes after: %s',
    async (kind) => {
      hub.lfs.faults.push({ path: /sae_weights/, kind }, { path: /sae_weights/, kind });
      expect((await read()).equals(files.get(weights)!)).toBe(true);
      expect(hub.lfs.faults).toEqual([]);
      expect(kept()).toEqual([sha256(files.get(weights)!)]);
    }
  );

  it('go on where they broke off', async () => {
    hub.lfs.faults.push({ path: /sae_weights/, kind: 'cut' });
    await read();
    const ranges = hub.lfs.requests.map(({ headers }) => headers.range);
    const { length } = files.get(weights)!;
    expect(ranges).toEqual([`bytes=0-${length - 1}`, `bytes=${length >> 1}-${length - 1}`]);
  });

  it('ride out a listing that fails at first', async () => {
    hub.faults.push({ path: /\/revision\//, kind: 'status 503' }, { path: /\/tree\//, kind: 'reset' });
    await open('hf://org/saes');
    expect(hub.faults).toEqual([]);
  });

  it('that never give the right content end, and leave nothing', async () => {
    for (let i = 0; i < 20; i++) hub.lfs.faults.push({ path: /sae_weights/, kind: 'flip' });
    await expect(read()).rejects.toThrow(/what arrives is not the file \(found SHA-256/);
    await expect(read()).rejects.toThrow(UnavailableError);
    expect(kept()).toEqual([]);
  });

  it('that end too often in a row are given up; what arrived is gone on with', async () => {
    hub.lfs.faults.push({ path: /sae_weights/, kind: 'cut' });
    for (let i = 1; i < PATIENCE.attempts + 1; i++) hub.lfs.faults.push({ path: /sae_weights/, kind: 'status 503' });
    await expect(read()).rejects.toThrow(UnavailableError);
    const half = files.get(weights)!.length >> 1;
    expect(kept().map((name) => statSync(join(cacheFolder(), name)).size)).toEqual([half]);
    hub.lfs.requests.length = 0;
    hub.lfs.faults.length = 0;
    await read();
    expect(hub.lfs.requests.map(({ headers }) => headers.range)).toEqual([
      `bytes=${half}-${files.get(weights)!.length - 1}`,
    ]);
  });

  it('of one file by several at once are one', async () => {
    const sources = await Promise.all([1, 2, 3, 4].map(() => open('hf://org/saes')));
    await Promise.all(sources.map((source) => source.bringHere([weights])));
    expect(hub.lfs.sent.get(`/org/saes/c1/${weights}`)).toBe(files.get(weights)!.length);
  });

  it('stop when they are cancelled, and tell how far they are', async () => {
    const remote = await open('hf://org/saes');
    const controller = new AbortController();
    const { signal } = controller;
    const onTransfer = (): void => {
      controller.abort();
    };
    hub.lfs.faults.push({ path: /sae_weights/, kind: 'stall' });
    await expect(remote.bringHere([weights], { onTransfer, signal })).rejects.toThrow(CancelledError);
    let total = 0;
    await remote.bringHere([weights], { onTransfer: (bytes) => (total += bytes) });
    expect(total).toBe(files.get(weights)!.length);
  });
});

describe('the cache of downloads', () => {
  it('drops the least recently used when it is full, and fetches it again when it is wanted', async () => {
    const all = [...files.keys()].filter((path) => path.endsWith('.safetensors'));
    const cache = cacheOf(files.get(all[0]!)!.length + files.get(all[1]!)!.length);
    const remote = await open('hf://org/saes', { cache });
    for (const path of all) await remote.bringHere([path]);
    expect(kept().length).toBeLessThan(all.length);
    expect(kept()).toContain(sha256(files.get(all.at(-1)!)!));
    for (const path of all) expect((await remote.read(path)).equals(files.get(path)!)).toBe(true);
  });
});
