import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { FileStore } from '../../../artifacts/store/file-store';
import { isTemporaryName, TEMPORARY_FOLDER } from '../../../artifacts/store/temporary-file';
import { temporaryFolders } from '../temporary-folder';

const newFolder = temporaryFolders();
const built = join(__dirname, '../../../dist/artifacts/store/file-store.js');

beforeAll(() => {
  if (!existsSync(built)) throw new Error('these tests start processes of the built project: `npm test` builds it');
});

type Process = ChildProcessByStdio<Writable, Readable, null>;

function start(...args: string[]): Process {
  const script = join(__dirname, 'put-process.cjs');
  return spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function killed(child: Process): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('a process killed in the middle of a put leaves no visible object, and the put can be repeated', async () => {
  const folder = newFolder();
  const child = start('halfway', folder);
  await once(child.stdout, 'data');
  // No unfinished file lies where a reader of the folder would meet it.
  expect(readdirSync(join(folder, 'folder'))).toEqual([]);
  const [partial] = readdirSync(join(folder, TEMPORARY_FOLDER));
  expect(isTemporaryName(partial!)).toBe(true);
  expect(readFileSync(join(folder, TEMPORARY_FOLDER, partial!))).toHaveLength(1 << 20);

  await killed(child);
  const store = new FileStore(folder);
  expect(await store.list('')).toEqual([]);
  expect(await store.stat('folder/object')).toBeNull();
  await store.put('folder/object', Buffer.from('whole'), { ifAbsent: true });
  expect((await store.get('folder/object')).toString()).toBe('whole');
});

test('whenever a process that replaces an object is killed or read, the object is one of its whole versions', async () => {
  const folder = newFolder();
  const store = new FileStore(folder);
  const versions = ['a', 'b'].map((letter) => Buffer.alloc(8 << 20, letter));
  await store.put('folder/object', versions[0]!);
  for (const delay of [0, 7, 23, 41, 64, 90]) {
    const child = start('forever', folder);
    await once(child.stdout, 'data');
    await wait(delay);
    const during = await store.get('folder/object');
    await killed(child);
    const after = await store.get('folder/object');
    expect(versions.some((version) => version.equals(during))).toBe(true);
    expect(versions.some((version) => version.equals(after))).toBe(true);
    expect(await store.list('')).toEqual(['folder/object']);
  }
});

test.each([
  ['the same content: both succeed', ['same', 'same']],
  ['different contents: exactly one succeeds, the other is told', ['one', 'other']],
])('two processes create the same objects with %s', async (_, texts) => {
  const folder = newFolder();
  const children = texts.map((text) => start('race', folder, '60', text));
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const outputs = children.map((child) => once(child.stdout, 'data'));
  for (const child of children) child.stdin.write('go\n');
  const outcomes = (await Promise.all(outputs)).map(([json]) => JSON.parse(String(json)) as string[]);

  const store = new FileStore(folder);
  for (let key = 0; key < 60; key++) {
    const results = outcomes.map((outcome) => outcome[key]);
    const content = (await store.get(`race/${key}`)).toString();
    if (texts[0] === texts[1]) expect(results).toEqual(['stored', 'stored']);
    else expect([...results].sort()).toEqual(['ArtifactCorruptError', 'stored']);
    expect(content).toBe(texts[results.indexOf('stored')]);
  }
  expect(readdirSync(join(folder, TEMPORARY_FOLDER))).toEqual([]);
});
