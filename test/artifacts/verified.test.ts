import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { FileStore } from '../../artifacts/store/file-store';
import { checkIntact, getVerified } from '../../artifacts/verified';
import { ArtifactCorruptError } from '../../matching/errors';
import { temporaryFolders } from './temporary-folder';

const newFolder = temporaryFolders();
const content = Buffer.from('the rows of a layer, folded');

async function stored() {
  const store = new FileStore(newFolder());
  const recorded = await store.put('fold/rows', content);
  return { store, recorded, path: store.url('fold/rows') };
}

test('an intact object is returned', async () => {
  const { store, recorded } = await stored();
  expect(await getVerified(store, recorded)).toEqual(content);
});

test('a single flipped bit anywhere is found', async () => {
  const { store, recorded, path } = await stored();
  for (let bit = 0; bit < content.length * 8; bit++) {
    const damaged = Buffer.from(content);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, damaged);
    await expect(getVerified(store, recorded)).rejects.toThrow(ArtifactCorruptError);
  }
  writeFileSync(path, content);
  expect(await getVerified(store, recorded)).toEqual(content);
});

test('a shortened, a lengthened and a missing object are found, each with the file and what to do', async () => {
  const { store, recorded, path } = await stored();
  truncateSync(path, content.length - 1);
  const short = getVerified(store, recorded);
  await expect(short).rejects.toThrow(ArtifactCorruptError);
  await expect(short).rejects.toThrow(`${path}: the stored artifact has another length (found 26 bytes, expected 27`);
  appendFileSync(path, 'dd');
  await expect(getVerified(store, recorded)).rejects.toThrow('found 28 bytes');
  await store.delete('fold/rows');
  await expect(getVerified(store, recorded)).rejects.toThrow(ArtifactCorruptError);
  await expect(getVerified(store, recorded)).rejects.toThrow(/missing .*Resume the run/);
});

test('what a store states of an object is compared without reading it', async () => {
  const { store, recorded, path } = await stored();
  const stated = (crc32c: string) =>
    new Proxy(store, {
      get: (target, name) => {
        if (name === 'stat') return async (key: string) => ({ ...(await target.stat(key))!, crc32c });
        if (name === 'get') throw new Error('the object was read');
        return Reflect.get(target, name) as unknown;
      },
    });
  await checkIntact(stated(recorded.crc32c), recorded);
  await expect(checkIntact(stated('AAAAAA=='), recorded)).rejects.toThrow(/another CRC32C \(found AAAAAA==/);
  await checkIntact(store, recorded);
  writeFileSync(path, content.toString().toUpperCase());
  await expect(checkIntact(store, recorded)).rejects.toThrow(ArtifactCorruptError);
  await store.delete('fold/rows');
  await expect(checkIntact(store, recorded)).rejects.toThrow(/missing/);
});
