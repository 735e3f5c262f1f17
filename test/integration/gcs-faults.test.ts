import { GcsStore } from '../../artifacts/store/gcs-store';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { ArtifactCorruptError, CancelledError, EnvironmentError, UnavailableError } from '../../matching/errors';
import { crc32c } from '../../transport/crc32c';
import { readText, tablesBelow } from '../docs/markdown';
import type { Fault, SeenRequest } from '../support/fault-proxy';
import { startTestBucket } from '../support/test-bucket';
import type { TestBucket } from '../support/test-bucket';

/**
 * Every fault at every operation, against the real emulator: the operation must end as without the fault. How many more
 * requests that took is written to a table, which docs/reliability.md shows.
 */
let bucket: TestBucket;
beforeAll(async () => {
  bucket = await startTestBucket();
}, 60_000);
afterAll(() => bucket.close());

const KIB = 1024;
const SMALL = Buffer.from('a small object, '.repeat(8));
const LARGE = Buffer.from(Array.from({ length: 1100 * KIB }, (_, i) => (i * 31 + (i >> 10)) & 255));

/** An operation that faults are put into the way of. */
interface Operation {
  /** Column of the table. */
  readonly name: string;
  readonly prepare?: (store: ObjectStore) => Promise<unknown>;
  readonly run: (store: ObjectStore) => Promise<unknown>;
  /** Contents of all objects afterwards. */
  readonly after: Readonly<Record<string, Buffer>>;
  /** The request that faults are for. */
  readonly matches: Fault['matches'];
  /** Without these there is nothing to break. */
  readonly sendsBody: boolean;
  readonly answers: 'content' | 'metadata' | 'nothing';
}

const given = (objects: Readonly<Record<string, Buffer>>) => async (store: ObjectStore) => {
  for (const [key, content] of Object.entries(objects)) await store.put(key, content);
};
const isUpload = ({ method, path }: SeenRequest): boolean => method === 'POST' && path.includes('uploadType=multipart');
const isContent = ({ path }: SeenRequest): boolean => path.includes('alt=media');
/** The second piece of a session. */
const isPiece = ({ headers }: SeenRequest): boolean =>
  headers['content-range']?.startsWith(`bytes ${512 * KIB}-`) === true;

const OPERATIONS: readonly Operation[] = [
  {
    name: 'put',
    prepare: given({ x: Buffer.from('before') }),
    run: (store) => store.put('x', SMALL),
    after: { x: SMALL },
    matches: isUpload,
    ...{ sendsBody: true, answers: 'metadata' },
  },
  {
    name: 'create only',
    run: (store) => store.put('x', SMALL, { ifAbsent: true }),
    after: { x: SMALL },
    matches: (request) => isUpload(request) && request.path.includes('ifGenerationMatch=0'),
    ...{ sendsBody: true, answers: 'metadata' },
  },
  {
    name: 'put, large, a piece',
    prepare: given({ x: Buffer.from('before') }),
    run: (store) => store.put('x', LARGE),
    after: { x: LARGE },
    matches: isPiece,
    ...{ sendsBody: true, answers: 'nothing' },
  },
  {
    name: 'create only, large, last piece',
    run: (store) => store.put('x', LARGE, { ifAbsent: true }),
    after: { x: LARGE },
    matches: ({ headers }) => headers['content-range']?.startsWith(`bytes ${1024 * KIB}-`) === true,
    ...{ sendsBody: true, answers: 'metadata' },
  },
  {
    name: 'get',
    prepare: given({ x: SMALL }),
    run: (store) => store.get('x'),
    after: { x: SMALL },
    matches: isContent,
    ...{ sendsBody: false, answers: 'content' },
  },
  {
    name: 'readRange',
    prepare: given({ x: SMALL }),
    run: (store) => store.readRange('x', 10, 90),
    after: { x: SMALL },
    matches: isContent,
    ...{ sendsBody: false, answers: 'content' },
  },
  {
    name: 'stat',
    prepare: given({ x: SMALL }),
    run: async (store) => (await store.stat('x'))!.bytes,
    after: { x: SMALL },
    matches: ({ method }) => method === 'GET',
    ...{ sendsBody: false, answers: 'metadata' },
  },
  {
    name: 'list',
    prepare: given({ x: SMALL, y: SMALL, z: SMALL }),
    run: (store) => store.list(''),
    after: { x: SMALL, y: SMALL, z: SMALL },
    matches: ({ path }) => path.includes('pageToken='),
    ...{ sendsBody: false, answers: 'metadata' },
  },
  {
    name: 'delete',
    prepare: given({ x: SMALL, y: SMALL }),
    run: (store) => store.delete('x'),
    after: { y: SMALL },
    matches: ({ method }) => method === 'DELETE',
    ...{ sendsBody: false, answers: 'nothing' },
  },
  {
    name: 'copy',
    prepare: given({ x: SMALL, y: Buffer.from('before') }),
    run: (store) => store.copy('x', 'y'),
    after: { x: SMALL, y: SMALL },
    matches: ({ path }) => path.includes('/rewriteTo/'),
    ...{ sendsBody: false, answers: 'metadata' },
  },
];

/** A fault as a row of the table. */
interface Row extends Omit<Fault, 'matches'> {
  readonly name: string;
  /** Whether it can happen to an operation; everywhere unless given. */
  readonly applies?: (operation: Operation) => boolean;
}

const hasAnswer = ({ answers }: Operation): boolean => answers !== 'nothing';
const FAULTS: readonly Row[] = [
  { name: 'three answers 503 in a row', kind: 'status 503', times: 3 },
  { name: 'three answers 429 with Retry-After', kind: 'status 429', times: 3, headers: { 'retry-after': '0' } },
  { name: 'reset in the request', kind: 'reset on the way up' },
  { name: 'reset in the answer', kind: 'reset on the way down', applies: hasAnswer },
  { name: 'truncated answer, soundly framed', kind: 'truncated answer', applies: hasAnswer },
  { name: 'flipped byte in the request', kind: 'corrupted on the way up', applies: ({ sendsBody }) => sendsBody },
  {
    name: 'flipped byte in the answer',
    kind: 'corrupted on the way down',
    // The bytes of a range bear no checksum: see the test of damaged ranges.
    applies: (operation) => hasAnswer(operation) && operation.name !== 'readRange',
  },
  { name: 'stall', kind: 'stall' },
  { name: 'stall in the answer', kind: 'stall in the answer', applies: hasAnswer },
  { name: 'reply lost, request carried out', kind: 'lost reply' },
];

let count = 0;
const SIZES = { smallBytes: 512 * KIB, chunkBytes: 512 * KIB, pageSize: 2 };
function newStore(patience: { stallMs?: number; attempts?: number } = {}): GcsStore {
  return new GcsStore(bucket.name, `faults-${count++}`, {
    ...SIZES,
    patience: { attempts: 5, firstDelayMs: 1, stallMs: 30_000, ...patience },
  });
}

/** Result, contents afterwards, and the number of requests, under a fault or none. */
async function outcomeOf(operation: Operation, fault: Row | null): Promise<{ seen: unknown; requests: number }> {
  const store = newStore(fault?.kind.startsWith('stall') === true ? { stallMs: 1000 } : {});
  await operation.prepare?.(store);
  const before = bucket.proxy.requests.length;
  bucket.proxy.plan(...(fault === null ? [] : [{ ...fault, matches: operation.matches }]));
  const result = await operation.run(store);
  const requests = bucket.proxy.requests.length - before;
  bucket.proxy.plan();
  const after: Record<string, Buffer> = {};
  for (const key of await store.list('')) after[key] = await store.get(key);
  const checksums = Object.entries(after).map(([key, content]) => [key, content.length, crc32c(content)]);
  return { seen: { result, checksums }, requests };
}

const undisturbed = new Map<string, { seen: unknown; requests: number }>();
const measured: string[][] = [['fault', ...OPERATIONS.map(({ name }) => name)]];

it.each(OPERATIONS)('$name does what it should without a fault', async (operation) => {
  const outcome = await outcomeOf(operation, null);
  undisturbed.set(operation.name, outcome);
  const contents = Object.entries(operation.after).map(([key, content]) => [key, content.length, crc32c(content)]);
  expect(outcome.seen).toMatchObject({ checksums: contents });
});

it.each(FAULTS)('every operation ends as without it: $name', async (fault) => {
  const cells: string[] = [];
  for (const operation of OPERATIONS) {
    if (fault.applies?.(operation) === false) {
      cells.push('');
      continue;
    }
    const { seen, requests } = await outcomeOf(operation, fault);
    const without = undisturbed.get(operation.name)!;
    expect({ operation: operation.name, seen }).toEqual({ operation: operation.name, seen: without.seen });
    expect(requests).toBeGreaterThan(without.requests);
    cells.push(`+${requests - without.requests}`);
  }
  measured.push([fault.name, ...cells]);
});

it('the requests that faults cost are those that docs/reliability.md states', () => {
  const [documented] = tablesBelow(readText('docs/reliability.md'), 'Storage faults');
  expect(documented).toEqual(measured);
});

it.each(OPERATIONS)('$name is an UnavailableError when the bucket stays away', async (operation) => {
  const store = newStore({ attempts: 3 });
  await operation.prepare?.(store);
  for (const kind of ['status 503', 'reset on the way up'] as const) {
    bucket.proxy.plan({ kind, times: Infinity, matches: () => true });
    await expect(operation.run(store)).rejects.toThrow(UnavailableError);
  }
  bucket.proxy.plan();
});

it('waits as long as the bucket asks for', async () => {
  bucket.proxy.plan({ kind: 'status 429', times: 9, matches: () => true, headers: { 'retry-after': '7' } });
  await expect(newStore({ attempts: 1 }).stat('x')).rejects.toMatchObject({ retryAfterMs: 7000 });
  bucket.proxy.plan();
});

it('a large upload goes on from what has arrived, and sends nothing twice', async () => {
  const store = newStore();
  const before = bucket.proxy.requests.length;
  bucket.proxy.plan({ kind: 'reset on the way up', matches: isPiece });
  await store.put('x', LARGE);
  const ranges = bucket.proxy.requests.slice(before).map(({ headers }) => headers['content-range']);
  const half = 512 * KIB;
  expect(ranges.filter((range) => range !== undefined)).toEqual([
    `bytes 0-${half - 1}/${LARGE.length}`,
    `bytes ${half}-${2 * half - 1}/${LARGE.length}`,
    `bytes */${LARGE.length}`,
    `bytes ${half + 256 * KIB}-${LARGE.length - 1}/${LARGE.length}`,
  ]);
});

it.each([404, 410])('a session that is forgotten (%d) is begun anew', async (status) => {
  const store = newStore();
  bucket.proxy.plan({ kind: `status ${status}`, matches: isPiece });
  await store.put('x', LARGE, { ifAbsent: true });
  expect((await store.get('x')).equals(LARGE)).toBe(true);
});

it('a transfer that keeps breaking off comes to an end as long as bytes arrive', async () => {
  const store = newStore({ attempts: 2 });
  await store.put('x', LARGE);
  bucket.proxy.plan({ kind: 'reset on the way down', times: 12, matches: isContent });
  expect((await store.get('x')).equals(LARGE)).toBe(true);
  bucket.proxy.plan({ kind: 'reset on the way down', times: 12, matches: isContent });
  expect((await store.readRange('x', 5, 999_999)).equals(LARGE.subarray(5, 999_999))).toBe(true);
});

it('content that is damaged every time it is read is an ArtifactCorruptError', async () => {
  const store = newStore();
  await store.put('x', SMALL);
  bucket.proxy.plan({ kind: 'corrupted on the way down', times: Infinity, matches: isContent });
  const reading = store.get('x');
  await expect(reading).rejects.toThrow(ArtifactCorruptError);
  await expect(reading).rejects.toThrow(`found ${crc32c(Buffer.from([SMALL[0]! ^ 1, ...SMALL.subarray(1)]))}`);
  bucket.proxy.plan();
});

it('a range that is damaged on its way is handed on: whoever reads ranges checks the whole', async () => {
  const store = newStore();
  await store.put('x', SMALL);
  bucket.proxy.plan({ kind: 'corrupted on the way down', matches: isContent });
  expect((await store.readRange('x', 0, 4))[0]).toBe(SMALL[0]! ^ 1);
});

it('content that is damaged on its way up every time never appears', async () => {
  const store = newStore({ attempts: 3 });
  bucket.proxy.plan({ kind: 'corrupted on the way up', times: Infinity, matches: isUpload });
  await expect(store.put('x', SMALL)).rejects.toThrow(UnavailableError);
  bucket.proxy.plan();
  expect(await store.list('')).toEqual([]);
});

it('an object that is replaced while it is read comes whole, in its new version', async () => {
  const store = newStore();
  await store.put('x', LARGE);
  const newer = Buffer.from(LARGE).reverse();
  const object = store.url('x').slice(`gs://${bucket.name}/`.length);
  const meanwhile = () => bucket.emulator.upload(bucket.name, new Map([[object, newer]]));
  bucket.proxy.plan({ kind: 'reset on the way down', matches: isContent, meanwhile });
  expect((await store.get('x')).equals(newer)).toBe(true);
  bucket.proxy.plan({
    kind: 'reset on the way down',
    matches: isContent,
    meanwhile: () => bucket.emulator.upload(bucket.name, new Map([[object, LARGE]])),
  });
  expect((await store.readRange('x', 0, LARGE.length)).equals(LARGE)).toBe(true);
});

it('a put that is cancelled while the bucket does not answer ends at once and leaves nothing', async () => {
  const store = newStore();
  for (const content of [SMALL, LARGE]) {
    const controller = new AbortController();
    bucket.proxy.plan({
      kind: 'stall',
      matches: () => {
        controller.abort();
        return true;
      },
    });
    await expect(store.put('x', content, { signal: controller.signal })).rejects.toThrow(CancelledError);
  }
  bucket.proxy.plan();
  expect(await store.list('')).toEqual([]);
});

it.each([401, 403])('status %d is for a person to mend', async (status) => {
  bucket.proxy.plan({ kind: `status ${status}`, times: 2, matches: () => true });
  const reading = newStore().get('x');
  await expect(reading).rejects.toThrow(EnvironmentError);
  await expect(reading).rejects.toThrow(/HTTP status 40[13]\)\. (Log in|Ask for the role)/);
  bucket.proxy.plan();
});
