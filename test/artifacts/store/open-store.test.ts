import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore } from '../../../artifacts/store/open-store';
import { EnvironmentError, UsageError } from '../../../matching/errors';
import { temporaryFolders } from '../temporary-folder';

const newFolder = temporaryFolders();

test('a path and a file URL open the same folder', async () => {
  const folder = join(newFolder(), 'a folder');
  await openStore(folder).put('x', Buffer.from('content'));
  const store = openStore(pathToFileURL(folder).href);
  expect((await store.get('x')).toString()).toBe('content');
  expect(store.url('')).toBe(folder);
  expect(store.isRemote).toBe(false);
});

test('a relative path is made absolute', () => {
  expect(openStore('some/folder').url('x')).toBe(join(process.cwd(), 'some', 'folder', 'x'));
});

test.each(['gs://bucket/a/prefix', 'GS://bucket/a/prefix/'])(
  '%s opens a place in a bucket, without asking it',
  (location) => {
    const store = openStore(location);
    expect(store.isRemote).toBe(true);
    expect(store.url('x')).toBe('gs://bucket/a/prefix/x');
  }
);

test.each(['s3://bucket', 'https://host/x'])('%s is refused in one sentence', (location) => {
  expect(() => openStore(location)).toThrow(EnvironmentError);
  expect(() => openStore(location)).toThrow(/cannot store results there.*gs:\/\/<bucket>/);
});

test.each(['', '  ', 'file://host/x', 'gs://', 'gs:///x', 'gs://bucket/a//b', 'gs://bucket/../x'])(
  '%j is a mistake in the command line',
  (location) => {
    expect(() => openStore(location)).toThrow(UsageError);
  }
);
