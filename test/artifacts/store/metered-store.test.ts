import { runTask } from '../../../activities/thread/run-task';
import { onStoreTraffic, type StoreTraffic } from '../../../artifacts/store/metered-store';
import { openStore } from '../../../artifacts/store/open-store';
import { smallModel } from '../../activities/small-run';
import { temporaryFolders } from '../temporary-folder';

const newFolder = temporaryFolders();

it('tells of the bytes of every object that is written or read, and of nothing after its end', async () => {
  const heard: StoreTraffic[] = [];
  const end = onStoreTraffic((traffic) => heard.push(traffic));
  const store = openStore(newFolder());
  await store.put('x', [Buffer.from('some'), Buffer.from('content')]);
  await store.get('x');
  await store.readRange('x', 2, 5);
  await store.copy('x', 'y');
  await expect(store.get('z')).rejects.toThrow('no such object');
  end();
  await store.get('x');
  expect(heard).toEqual([
    { operation: 'write', store: 'folder', bytes: 11 },
    { operation: 'read', store: 'folder', bytes: 11 },
    { operation: 'read', store: 'folder', bytes: 3 },
  ]);
});

it('what a task writes in its thread is told to whoever runs the task', async () => {
  const spec = smallModel(newFolder());
  const { layers } = await runTask('hashSource', { spec });
  const heard: StoreTraffic[] = [];
  await runTask('foldLayer', { spec, layer: layers[0]! }, { onStoreTraffic: (one) => heard.push(one) });
  const written = heard.filter(({ operation }) => operation === 'write').reduce((sum, { bytes }) => sum + bytes, 0);
  const store = openStore(spec.out);
  const keys = await store.list('');
  const stats = await Promise.all(keys.map((key) => store.stat(key)));
  expect(keys.length).toBeGreaterThan(0);
  expect(written).toBe(stats.reduce((sum, stat) => sum + stat!.bytes, 0));
});
