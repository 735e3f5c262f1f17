import { writeFileSync } from 'node:fs';
import { contentKey } from '../../artifacts/content-key';
import { readKeyRecord, writeKeyRecord } from '../../artifacts/key-record';
import { FileStore } from '../../artifacts/store/file-store';
import { temporaryFolders } from './temporary-folder';

const newFolder = temporaryFolders();
const made = { kind: 'folded', inputs: { hashes: ['ab'], fold: true } };
const key = contentKey(made.kind, made.inputs);
const name = `artifacts/folded/${key}/key.json`;

test('what an artifact is made of reads back, and is the text that its key is the hash of', async () => {
  const store = new FileStore(newFolder());
  await writeKeyRecord(store, 'folded', made);
  expect(await store.list('')).toEqual([name]);
  expect(await readKeyRecord(store, 'folded', key)).toEqual({ algorithm: 1, ...made });
  expect((await store.get(name)).toString()).toBe(
    '{"algorithm":1,"inputs":{"fold":true,"hashes":["ab"]},"kind":"folded"}'
  );
});

test('a note that is missing, cut off or changed is none', async () => {
  const store = new FileStore(newFolder());
  expect(await readKeyRecord(store, 'folded', key)).toBeNull();
  await writeKeyRecord(store, 'folded', made);
  const text = (await store.get(name)).toString();
  for (const damaged of [text.slice(0, -5), text.replace('true', 'false')]) {
    writeFileSync(store.url(name), damaged);
    expect(await readKeyRecord(store, 'folded', key)).toBeNull();
  }
});
