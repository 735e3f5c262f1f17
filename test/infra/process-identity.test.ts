import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { identify, identityText, isAlive, ownIdentity, parseIdentity } from '../../infra/process-identity';

test('the identity of a process is the same for everybody who asks and survives being written as a word', () => {
  const own = ownIdentity();
  expect(identify(process.pid)).toEqual(own);
  expect(identityText(own)).toMatch(/^[0-9A-Za-z._-]+$/);
  expect(parseIdentity(identityText(own))).toEqual(own);
  expect(isAlive(own)).toBe(true);
});

test('a process with the same id that began at another time is not mistaken for it', () => {
  const own = ownIdentity();
  expect(isAlive({ ...own, started: `${own.started}0` })).toBe(false);
});

test('a process is alive until it ends', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  await once(child, 'spawn');
  const identity = identify(child.pid!)!;
  expect(isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
  expect(identify(child.pid!)).toBeUndefined();
});

test('a process that has ended but was not collected by its parent is not alive', async () => {
  // The shell starts a child that ends, and then becomes a program that never collects it.
  const shell = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  const identity = identify(Number(line.toString()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(identity === undefined ? false : isAlive(identity)).toBe(false);
  expect(identify(Number(line.toString()))).toBeUndefined();
  shell.kill('SIGKILL');
});

test.each([[''], ['x'], ['-1'], ['12']])('%j is not the text of an identity', (text) => {
  expect(parseIdentity(text)).toBeUndefined();
});
