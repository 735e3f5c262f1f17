import fc from 'fast-check';
import { crc32c } from '../../../transport/crc32c';
import { ObjectNotFoundError, type ObjectStore } from '../../../artifacts/store/object-store';
import { ArtifactCorruptError, CancelledError, InputError } from '../../../matching/errors';

const bytes = (text: string) => Buffer.from(text);

/** What every adapter of the object store has to do; `newStore` gives an empty one. */
export function describeObjectStore(newStore: () => ObjectStore): void {
  test('what was put in any chunks is got back whole, with its size and checksum', async () => {
    const store = newStore();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), async (chunks) => {
        const whole = Buffer.concat(chunks);
        expect(await store.put('a/b', chunks)).toEqual({ key: 'a/b', bytes: whole.length, crc32c: crc32c(whole) });
        expect(await store.get('a/b')).toEqual(whole);
        expect(await store.stat('a/b')).toMatchObject({ key: 'a/b', bytes: whole.length });
      }),
      { numRuns: 25 }
    );
  });

  test('a range is the bytes from start up to end', async () => {
    const store = newStore();
    await store.put('x', bytes('0123456789'));
    expect((await store.readRange('x', 2, 5)).toString()).toBe('234');
    expect((await store.readRange('x', 9, 10)).toString()).toBe('9');
    expect(await store.readRange('x', 4, 4)).toHaveLength(0);
    await expect(store.readRange('x', 8, 11)).rejects.toThrow(ArtifactCorruptError);
  });

  test('a second put replaces the object', async () => {
    const store = newStore();
    await store.put('x', bytes('a long first content'));
    await store.put('x', bytes('second'));
    expect((await store.get('x')).toString()).toBe('second');
  });

  test('create only: the same content again is a success, other content is refused and changes nothing', async () => {
    const store = newStore();
    const first = await store.put('k/x', bytes('content'), { ifAbsent: true });
    expect(await store.put('k/x', [bytes('con'), bytes('tent')], { ifAbsent: true })).toEqual(first);
    const other = store.put('k/x', bytes('CONTENT'), { ifAbsent: true });
    await expect(other).rejects.toThrow(ArtifactCorruptError);
    await expect(other).rejects.toThrow(store.url('k/x'));
    expect((await store.get('k/x')).toString()).toBe('content');
    expect(await store.list('')).toEqual(['k/x']);
  });

  test('an object that does not exist: stat is null, delete is quiet, get, range and copy say so', async () => {
    const store = newStore();
    await store.put('folder/x', bytes('x'));
    for (const key of ['none', 'no/ne', 'folder', 'folder/x/below']) {
      expect(await store.stat(key)).toBeNull();
      await expect(store.get(key)).rejects.toThrow(ObjectNotFoundError);
      await expect(store.readRange(key, 0, 1)).rejects.toThrow(ObjectNotFoundError);
      await expect(store.copy(key, 'copy')).rejects.toThrow(ObjectNotFoundError);
    }
    await store.delete('none');
    expect(await store.list('')).toEqual(['folder/x']);
  });

  test('delete removes one object', async () => {
    const store = newStore();
    await store.put('a/x', bytes('x'));
    await store.put('a/y', bytes('y'));
    await store.delete('a/x');
    expect(await store.list('')).toEqual(['a/y']);
  });

  test('list gives the keys that start with the prefix, sorted; a prefix may end within a name', async () => {
    const store = newStore();
    const keys = ['b', 'a/z', 'a/b/c', 'a/b-d', 'ab/x', 'a/.hidden', 'A', 'é'];
    for (const key of keys) await store.put(key, bytes(key));
    for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b/', 'a/b/c', 'ab', 'é', 'nothing/here/']) {
      expect(await store.list(prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)).sort());
    }
  });

  test('copy makes an equal object and replaces what was there', async () => {
    const store = newStore();
    await store.put('from', bytes('content'));
    await store.put('to/x', bytes('earlier'));
    await store.copy('from', 'to/x');
    await store.put('from', bytes('changed'));
    expect((await store.get('to/x')).toString()).toBe('content');
    expect(await store.list('')).toEqual(['from', 'to/x']);
  });

  test('a put that is cancelled leaves the store as it was', async () => {
    const store = newStore();
    await store.put('x', bytes('before'));
    const controller = new AbortController();
    const chunks = function* () {
      yield bytes('half');
      controller.abort();
      yield bytes('done');
    };
    const iterable = { [Symbol.iterator]: chunks } as unknown as Uint8Array[];
    for (const key of ['x', 'y']) {
      await expect(store.put(key, iterable, { signal: controller.signal })).rejects.toThrow(CancelledError);
    }
    expect((await store.get('x')).toString()).toBe('before');
    expect(await store.list('')).toEqual(['x']);
  });

  test.each([
    '',
    '/x',
    'x/',
    'a//b',
    '.',
    '../x',
    'a/../../x',
    'a\\b',
    'a\0b',
    '.sae-match-12-0123456789abcdef.tmp',
    '.sae-match-tmp/x',
  ])('%j is refused as a key, whatever the method', async (key) => {
    const store = newStore();
    const calls = [
      () => store.put(key, bytes('x')),
      () => store.get(key),
      () => store.readRange(key, 0, 1),
      () => store.stat(key),
      () => store.delete(key),
      () => store.copy(key, 'x'),
      () => store.copy('x', key),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(InputError);
    expect(await store.list('')).toEqual([]);
  });
}
