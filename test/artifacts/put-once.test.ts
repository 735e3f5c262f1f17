import { statSync, writeFileSync } from 'node:fs';
import { putOnce } from '../../artifacts/put-once';
import { FileStore } from '../../artifacts/store/file-store';
import { temporaryFolders } from './temporary-folder';

const newFolder = temporaryFolders();
const content = Buffer.from('rows');
const file = (store: FileStore): string => store.url('folded/rows');
const inode = (store: FileStore): bigint => statSync(file(store), { bigint: true }).ino;

test('an object that is there as it should be is left alone', async () => {
  const store = new FileStore(newFolder());
  const first = await putOnce(store, 'folded/rows', content);
  const before = inode(store);
  expect(await putOnce(store, 'folded/rows', [content.subarray(0, 1), content.subarray(1)])).toEqual(first);
  expect(inode(store)).toBe(before);
});

test('one that is damaged is replaced', async () => {
  const store = new FileStore(newFolder());
  await putOnce(store, 'folded/rows', content);
  writeFileSync(file(store), 'rowz');
  await putOnce(store, 'folded/rows', content);
  expect(await store.get('folded/rows')).toEqual(content);
});
