import { GcsStore } from '../../artifacts/store/gcs-store';
import { openStore } from '../../artifacts/store/open-store';
import { ArtifactCorruptError, EnvironmentError } from '../../matching/errors';
import { startTestBucket } from '../support/test-bucket';
import type { TestBucket } from '../support/test-bucket';
import { describeObjectStore } from '../artifacts/store/store-contract';

/** Against the real emulator of Cloud Storage. */
let bucket: TestBucket;
let count = 0;
beforeAll(async () => {
  bucket = await startTestBucket();
}, 60_000);
afterAll(() => bucket.close());

const newPrefix = (): string => `deep/prefix-${count++}`;
const KIB = 1024;

describe('a bucket as an object store', () => {
  describeObjectStore(() => openStore(`gs://${bucket.name}/${newPrefix()}`));
});

describe('a bucket that is written in sessions and listed in pages of two', () => {
  describeObjectStore(() => new GcsStore(bucket.name, newPrefix(), { smallBytes: 0, pageSize: 2 }));
});

it('a large object is sent in pieces of views of its chunks and arrives whole', async () => {
  const store = new GcsStore(bucket.name, newPrefix(), { smallBytes: 100 * KIB, chunkBytes: 256 * KIB });
  const chunks = [100, 500, 1, 300].map((kib, index) => Buffer.alloc(kib * KIB + index, `${index}`));
  const before = bucket.proxy.requests.length;
  await store.put('large', chunks);
  const pieces = bucket.proxy.requests.slice(before).filter(({ method }) => method === 'PUT');
  expect(pieces.map(({ bytes }) => bytes)).toEqual([256, 256, 256].map((kib) => kib * KIB).concat(133 * KIB + 6));
  expect((await store.get('large')).equals(Buffer.concat(chunks))).toBe(true);
});

it('a large object that is there already is not sent again', async () => {
  const store = new GcsStore(bucket.name, newPrefix(), { smallBytes: 0 });
  const content = Buffer.alloc(300 * KIB, 'x');
  await store.put('large', content, { ifAbsent: true });
  const before = bucket.proxy.requests.length;
  await store.put('large', content, { ifAbsent: true });
  expect(bucket.proxy.requests.slice(before).map(({ method }) => method)).toEqual(['GET']);
});

it('names the bucket in URLs and is the place that it was opened at', async () => {
  const store = openStore(`gs://${bucket.name}/results/`);
  expect(store.url('')).toBe(`gs://${bucket.name}/results`);
  expect(store.url('runs/x')).toBe(`gs://${bucket.name}/results/runs/x`);
  expect(openStore(`gs://${bucket.name}`).url('')).toBe(`gs://${bucket.name}`);
  await store.put('runs/x', Buffer.from('content'));
  expect((await openStore(`gs://${bucket.name}`).get('results/runs/x')).toString()).toBe('content');
  expect(store.isRemote).toBe(true);
});

it('does not list what consoles put into a bucket to mark a folder', async () => {
  const prefix = newPrefix();
  await bucket.emulator.upload(bucket.name, new Map([[`${prefix}/folder/`, Buffer.alloc(0)]]));
  const store = openStore(`gs://${bucket.name}/${prefix}`);
  await store.put('folder/x', Buffer.from('x'));
  expect(await store.list('')).toEqual(['folder/x']);
});

it('says that there is no such bucket when one is written to or listed', async () => {
  const store = openStore('gs://no-such-bucket/x');
  for (const call of [() => store.put('a', Buffer.from('x')), () => store.list('')]) {
    await expect(call()).rejects.toThrow(EnvironmentError);
    await expect(call()).rejects.toThrow(/^gs:\/\/no-such-bucket: there is no such bucket\. Create it/);
  }
});

it('a damaged object under a create-only name is reported, not replaced', async () => {
  const store = new GcsStore(bucket.name, newPrefix());
  await store.put('x', Buffer.from('damaged'));
  await expect(store.put('x', Buffer.from('content'), { ifAbsent: true })).rejects.toThrow(ArtifactCorruptError);
  expect((await store.get('x')).toString()).toBe('damaged');
});

it('of two that create the same object with other content exactly one succeeds', async () => {
  const store = new GcsStore(bucket.name, newPrefix());
  const puts = ['one', 'other'].map((text) => store.put('x', Buffer.from(text), { ifAbsent: true }));
  const outcomes = await Promise.allSettled(puts);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
  expect((await store.get('x')).toString()).toBe(['one', 'other'][winner]);
});
