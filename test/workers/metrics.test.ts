import { Registry } from 'prom-client';
import type { DeviceMemory } from '../../kernels/device-memory';
import { addDeviceMemory } from '../../workers/device-memory-metrics';
import { createMetrics } from '../../workers/metrics';
import { PairsAtWork } from '../../workers/pairs-at-work';

const create = (labels = {}) =>
  createMetrics({ memoryBudget: 2 ** 30, slots: 3, devices: ['cuda:0', 'cuda:1'], build: '0.1.0-3f2a', labels });

it('counts how folded layers came to be read, and what was fetched for it', async () => {
  const { registry, observer } = create();
  observer.foldedRead({ from: 'fetched', fetchedBytes: 1000 });
  observer.foldedRead({ from: 'cached', fetchedBytes: 0 });
  observer.foldedRead({ from: 'fetched', fetchedBytes: 24 });
  const page = await registry.metrics();
  expect(page).toContain('sae_match_folded_reads_total{result="fetched"} 2\n');
  expect(page).toContain('sae_match_folded_reads_total{result="cached"} 1\n');
  expect(page).toContain('sae_match_folded_fetched_bytes_total 1024\n');
});

it('shows what the process has to offer', async () => {
  const page = await create().registry.metrics();
  expect(page).toContain('sae_match_memory_budget_bytes 1073741824\n');
  expect(page).toContain('sae_match_match_slots 3\n');
});

it('begins counters that alerts look at with 0, so that their first increase is seen', async () => {
  const page = await create().registry.metrics();
  expect(page).toContain('sae_match_corrupt_artifacts_total 0\n');
  for (const device of ['cuda', 'cpu'])
    expect(page).toContain(`sae_match_device_fallbacks_total{device="${device}"} 0\n`);
  expect(page).toContain('sae_match_store_bytes_total{operation="write",store="gcs"} 0\n');
});

it('adds up what stores read and write, by kind of store', async () => {
  const { registry, observer } = create();
  for (const bytes of [10, 20]) observer.storeTraffic({ operation: 'read', store: 'gcs', bytes });
  observer.storeTraffic({ operation: 'write', store: 'folder', bytes: 5 });
  const page = await registry.metrics();
  expect(page).toContain('sae_match_store_bytes_total{operation="read",store="gcs"} 30\n');
  expect(page).toContain('sae_match_store_bytes_total{operation="write",store="folder"} 5\n');
});

it('says when each schedule last looked', async () => {
  const { registry, observer } = create();
  const before = Math.floor(Date.now() / 1000);
  observer.scheduleLooked('nightly');
  const page = await registry.metrics();
  const at = /sae_match_schedule_last_success_timestamp_seconds\{schedule="nightly"\} (\S+)/.exec(page)?.[1];
  expect(Number(at)).toBeGreaterThanOrEqual(before);
});

it('says since when the pair at work that hangs has stood still, however the others go on', () => {
  let now = 1000;
  const atWork = new PairsAtWork(() => now);
  const hanging = atWork.begin();
  const moving = atWork.begin();
  for (now = 2000; now <= 9000; now += 1000) {
    atWork.report(moving, { phase: 'hashing', done: now, total: 10000, gap: null });
    atWork.moved();
  }
  expect(atWork.lastMoved()).toBe(1);
  atWork.end(hanging);
  expect(atWork.lastMoved()).toBe(9);
  now = 12_000;
  atWork.end(moving);
  now = 13_000;
  expect(atWork.lastMoved()).toBe(12);
});

describe('memory of devices', () => {
  const GIB = 2 ** 30;

  it('is looked up once a scrape, and gone with its device', async () => {
    const registry = new Registry();
    const looks: (readonly DeviceMemory[])[] = [[{ device: 'cuda:1', used: GIB, size: 80 * GIB }], []];
    let count = 0;
    addDeviceMemory(registry, ['cuda:1'], () => Promise.resolve(looks[count++]!));
    const page = await registry.metrics();
    expect(page).toContain(`sae_match_device_memory_used_bytes{device="cuda:1"} ${GIB}\n`);
    expect(page).toContain(`sae_match_device_memory_size_bytes{device="cuda:1"} ${80 * GIB}\n`);
    expect(count).toBe(1);
    const later = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 5000);
    expect(await registry.metrics()).not.toMatch(/^sae_match_device_memory\w+\{/m);
    later.mockRestore();
  });

  it('is no metric of a process without such a device', async () => {
    const { registry } = createMetrics({
      memoryBudget: 1,
      slots: 1,
      devices: ['cpu', 'webgpu'],
      build: 'b',
      labels: {},
    });
    expect(await registry.metrics()).not.toContain('device_memory');
  });
});

it('says which build it is, and of which group in every metric', async () => {
  const page = await create({ worker_group: 'gpu' }).registry.metrics();
  expect(page).toContain('build="0.1.0-3f2a"');
  const samples = page.split('\n').filter((line) => /^[a-z]/.test(line));
  expect(samples.length).toBeGreaterThan(20);
  expect(samples.filter((line) => !line.includes('worker_group="gpu"'))).toEqual([]);
});
