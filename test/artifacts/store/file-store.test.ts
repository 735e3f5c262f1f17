import { chmodSync, mkdirSync, promises as fs, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileStore } from '../../../artifacts/store/file-store';
import { isTemporaryName, TEMPORARY_FOLDER, temporaryName } from '../../../artifacts/store/temporary-file';
import { ArtifactCorruptError, EnvironmentError, UnavailableError } from '../../../matching/errors';
import { temporaryFolders } from '../temporary-folder';
import { describeObjectStore } from './store-contract';

const newFolder = temporaryFolders();
const content = Buffer.from('content');

afterEach(() => jest.restoreAllMocks());

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code });
}

describe('a folder as an object store', () => {
  describeObjectStore(() => new FileStore(join(newFolder(), 'not/yet/there')));
});

describe('a folder without hard links as an object store', () => {
  beforeEach(() => jest.spyOn(fs, 'link').mockRejectedValue(systemError('EPERM')));
  describeObjectStore(() => new FileStore(newFolder()));
});

describe('a folder whose parts are on other file systems as an object store', () => {
  beforeEach(() => {
    // The system refuses links and renamings between file systems.
    const { link, rename } = fs;
    const acrossFileSystems = (from: unknown) => String(from).includes(TEMPORARY_FOLDER);
    jest.spyOn(fs, 'link').mockImplementation(async (from, to) => {
      if (acrossFileSystems(from)) throw systemError('EXDEV');
      await link(from, to);
    });
    jest.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      if (acrossFileSystems(from)) throw systemError('EXDEV');
      await rename(from, to);
    });
  });
  describeObjectStore(() => new FileStore(newFolder()));
});

test('objects are files at their keys, and nothing else stays behind but an empty hidden folder', async () => {
  const folder = newFolder();
  const store = new FileStore(folder);
  await store.put('a/b/c.txt', content);
  await store.put('a/b/c.txt', content, { ifAbsent: true });
  await store.copy('a/b/c.txt', 'a/b/d.txt');
  expect(store.url('a/b/c.txt')).toBe(join(folder, 'a', 'b', 'c.txt'));
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual([
    TEMPORARY_FOLDER,
    'a',
    'a/b',
    'a/b/c.txt',
    'a/b/d.txt',
  ]);
});

test('the bytes are on the disk before the object gets its name', async () => {
  const store = new FileStore(newFolder());
  const events: string[] = [];
  const { open, rename } = fs;
  jest.spyOn(fs, 'open').mockImplementation(async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    const sync = handle.sync.bind(handle);
    jest.spyOn(handle, 'sync').mockImplementation(() => {
      events.push(isTemporaryName(String(args[0]).split('/').at(-1)!) ? 'sync file' : 'sync folder');
      return sync();
    });
    return handle;
  });
  jest.spyOn(fs, 'rename').mockImplementation((...args) => {
    events.push('rename');
    return rename(...args);
  });
  await store.put('x', content);
  expect(events).toEqual(['sync file', 'rename', 'sync folder']);
});

test.each(['EACCES', 'ENOSPC', 'EROFS', 'EPERM', 'EDQUOT'])(
  '%s while writing names the folder and a remedy, and leaves nothing behind',
  async (code) => {
    const folder = newFolder();
    const store = new FileStore(folder);
    jest.spyOn(fs, 'rename').mockRejectedValue(systemError(code));
    const failure = store.put('runs/x', content);
    await expect(failure).rejects.toThrow(EnvironmentError);
    await expect(failure).rejects.toMatchObject({ facts: { file: join(folder, 'runs') }, message: /--out/ });
    expect(readdirSync(join(folder, 'runs'))).toEqual([]);
    expect(readdirSync(join(folder, TEMPORARY_FOLDER))).toEqual([]);
  }
);

test('a fault that may pass is not blamed on the configuration', async () => {
  const store = new FileStore(newFolder());
  jest.spyOn(fs, 'readFile').mockRejectedValue(systemError('EIO'));
  await expect(store.get('x')).rejects.toThrow(UnavailableError);
});

test('a file where the folder should be is an EnvironmentError that names it', async () => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, 'not a folder');
  const inside = new FileStore(join(file, 'below')).put('x', content);
  await expect(inside).rejects.toThrow(EnvironmentError);
  await expect(inside).rejects.toThrow(join(file, 'below'));
  await expect(new FileStore(file).put('x', content)).rejects.toThrow(EnvironmentError);
});

test('a folder where the object should be is an EnvironmentError', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'x', 'y'), { recursive: true });
  const store = new FileStore(folder);
  await expect(store.put('x', content)).rejects.toThrow(EnvironmentError);
  await expect(store.put('x', content, { ifAbsent: true })).rejects.toThrow(EnvironmentError);
});

test('a folder that may not be written is an EnvironmentError', async () => {
  const folder = newFolder();
  chmodSync(folder, 0o500);
  const writable = await fs.writeFile(join(folder, 'probe'), '').then(
    () => true,
    () => false
  );
  // A superuser may write everywhere; then the object has to be there.
  const put = new FileStore(folder).put('x', content);
  if (writable) await expect(put).resolves.toMatchObject({ bytes: content.length });
  else await expect(put).rejects.toThrow(EnvironmentError);
  chmodSync(folder, 0o700);
});

test('a damaged object under a create-only name is reported, not replaced', async () => {
  const store = new FileStore(newFolder());
  await store.put('x', content, { ifAbsent: true });
  writeFileSync(store.url('x'), 'contexx');
  await expect(store.put('x', content, { ifAbsent: true })).rejects.toThrow(ArtifactCorruptError);
});

test('what killed processes left is never listed, and a later store removes it once it is old', async () => {
  const folder = newFolder();
  const temporaries = join(folder, TEMPORARY_FOLDER);
  const [old, fresh] = [temporaryName(), temporaryName()];
  mkdirSync(temporaries);
  for (const name of [old, fresh]) writeFileSync(join(temporaries, name), 'partial');
  const twoHoursAgo = Date.now() / 1000 - 7200;
  utimesSync(join(temporaries, old), twoHoursAgo, twoHoursAgo);
  const store = new FileStore(folder);
  expect(await store.list('')).toEqual([]);
  await store.put('a/x', content);
  expect(await store.list('')).toEqual(['a/x']);
  expect(readdirSync(temporaries)).toEqual([fresh]);
});

test('the folders of the last object go with it, and the store itself stays', async () => {
  const folder = newFolder();
  const store = new FileStore(folder);
  for (const key of ['a/b/c.txt', 'a/d/e.txt']) await store.put(key, content);
  await store.delete('a/b/c.txt');
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual([TEMPORARY_FOLDER, 'a', 'a/d', 'a/d/e.txt']);
  await store.delete('a/d/e.txt');
  expect(readdirSync(folder)).toEqual([TEMPORARY_FOLDER]);
});

test('a folder that is removed while an object is written into it is made again', async () => {
  const folder = newFolder();
  const { rename } = fs;
  const spy = jest.spyOn(fs, 'rename').mockImplementationOnce(async (from, to) => {
    await fs.rmdir(join(folder, 'a'));
    await rename(from, to);
  });
  await new FileStore(folder).put('a/b.txt', content);
  expect(spy).toHaveBeenCalledTimes(2);
  expect(await new FileStore(folder).get('a/b.txt')).toEqual(content);
});
