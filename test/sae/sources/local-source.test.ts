import { statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { openSource } from '../../../sae/sources/open-source';
import { put, scratchFolder } from '../support';

const scratch = scratchFolder();
const root = join(scratch, 'source');
put(root, 'b/one.bin', 'hello world');
put(root, 'a.bin', 'x');
put(root, '.git/objects/secret', 'x');
put(scratch, 'outside.bin', 'secret');

describe('a local folder', () => {
  it('lists its files by path, without hidden ones', async () => {
    const source = await openSource(root);
    expect(await source.list()).toEqual([
      { path: 'a.bin', bytes: 1, modified: statSync(join(root, 'a.bin')).mtimeMs },
      { path: 'b/one.bin', bytes: 11, modified: statSync(join(root, 'b/one.bin')).mtimeMs },
    ]);
    expect(source.namedFile).toBeNull();
  });

  it('reads ranges, whole files and streams', async () => {
    const source = await openSource(root);
    expect((await source.read('b/one.bin', { start: 6, end: 9 })).toString()).toBe('wor');
    expect((await source.read('b/one.bin')).toString()).toBe('hello world');
    const parts: Buffer[] = [];
    for await (const chunk of source.stream('b/one.bin')) parts.push(chunk);
    expect(Buffer.concat(parts).toString()).toBe('hello world');
  });

  it('says how long a file is that is shorter than the range', async () => {
    const source = await openSource(root);
    await expect(source.read('a.bin', { start: 0, end: 5 })).rejects.toThrow(
      /found 1 bytes, expected at least 5 bytes/
    );
  });

  it.each(['../outside.bin', 'b/../../outside.bin'])('refuses to read %s', async (path) => {
    const source = await openSource(root);
    await expect(source.read(path)).rejects.toThrow(InputError);
    await expect(source.read(path)).rejects.toThrow(/out of the source folder/);
  });

  it('refuses a linked file or folder outside, follows links inside, and survives loops', async () => {
    const linked = join(scratch, 'linked');
    put(linked, 'real/file.bin', 'inside');
    symlinkSync('real', join(linked, 'alias'));
    symlinkSync('..', join(linked, 'real', 'loop'));
    symlinkSync('../outside.bin', join(linked, 'escape.bin'));
    const source = await openSource(linked);
    const paths = (await source.list()).map(({ path }) => path);
    expect(paths).toEqual(['alias/file.bin', 'escape.bin', 'real/file.bin']);
    expect((await source.read('alias/file.bin')).toString()).toBe('inside');
    await expect(source.read('escape.bin')).rejects.toThrow(/out of the source folder.*cp -rL/);
    const stream = source.stream('escape.bin')[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toThrow(InputError);
    symlinkSync(root, join(linked, 'folder-outside'));
    await expect(source.list()).rejects.toThrow(/out of the source folder/);
  });

  it('reads a link to another place when the user names it', async () => {
    const link = join(scratch, 'named.bin');
    symlinkSync(join(root, 'a.bin'), link);
    const source = await openSource(link);
    expect(source.namedFile).toBe('named.bin');
    expect((await source.read('named.bin')).toString()).toBe('x');
  });

  it('gives a named file its neighbours but no folders below', async () => {
    const source = await openSource(join(root, 'a.bin'));
    expect((await source.list()).map(({ path }) => path)).toEqual(['a.bin']);
    expect(source.locate('a.bin')).toBe(join(root, 'a.bin'));
  });

  it('names a missing location and a file that vanished', async () => {
    await expect(openSource(join(scratch, 'nowhere'))).rejects.toThrow(/nowhere.*no such file or folder/);
    const source = await openSource(root);
    await expect(source.read('gone.bin')).rejects.toThrow(/gone\.bin.*no such file or folder/);
  });
});
