import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { withLock } from '../../infra/lock';
import { ownIdentity } from '../../infra/process-identity';
import { EnvironmentError } from '../../matching/errors';
import { type CompiledInfra, compileInfra } from './support/child';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-home';

let compiled: CompiledInfra;
beforeAll(() => {
  compiled = compileInfra();
});
afterAll(() => {
  compiled.remove();
  removeTemporaryFolders();
});

test('calls in one process run one after the other', async () => {
  const lock = join(temporaryFolder(), 'lock');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(lock, work)));
  expect(most).toBe(1);
});

test('a call under a lock that its caller holds goes straight on, and the lock is free afterwards', async () => {
  const lock = join(temporaryFolder(), 'lock');
  const nested = await withLock(lock, () => withLock(lock, () => Promise.resolve('inner'), { timeoutMs: 0 }));
  expect(nested).toBe('inner');
  await expect(withLock(lock, () => Promise.resolve('later'), { timeoutMs: 0 })).resolves.toBe('later');
});

test('the lock is free again after work that failed', async () => {
  const lock = join(temporaryFolder(), 'lock');
  await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(withLock(lock, () => Promise.resolve(1), { timeoutMs: 0 })).resolves.toBe(1);
});

test('a lock left by a dead process is taken over and old links are tidied away', async () => {
  const folder = temporaryFolder();
  const own = ownIdentity();
  symlinkSync('released', join(folder, 'lock.1'));
  symlinkSync(`${own.pid}-${own.started}0`, join(folder, 'lock.2'));
  await expect(withLock(join(folder, 'lock'), () => Promise.resolve(1), { timeoutMs: 0 })).resolves.toBe(1);
  expect(readdirSync(folder)).toEqual(['lock.3']);
});

test('waiting for a live holder ends with an error that names it', async () => {
  const lock = join(temporaryFolder(), 'lock');
  const holder = compiled.run(
    `await infra('lock').withLock(args[0], () => new Promise((r) => setTimeout(r, 60000)))`,
    lock
  );
  while (readdirSync(join(lock, '..')).length === 0) await sleep(10);
  const told: number[] = [];
  const onWait = ({ pid }: { pid: number }): void => void told.push(pid);
  const attempt = withLock(lock, () => Promise.resolve(1), { timeoutMs: 50, onWait });
  await expect(attempt).rejects.toThrow(EnvironmentError);
  await expect(attempt).rejects.toThrow(`process ${holder.process.pid!}`);
  expect(told).toEqual([holder.process.pid]);
  holder.process.kill('SIGKILL');
});

test('processes of which some are killed at random never hold the lock together', async () => {
  const folder = temporaryFolder();
  const children = Array.from({ length: 6 }, () => compiled.run(contender, folder));
  for (const victim of children.slice(0, 3)) {
    await sleep(100 + Math.random() * 300);
    victim.process.kill('SIGKILL');
  }
  const results = await Promise.all(children.slice(3).map(({ result }) => result));
  expect(results).toEqual([40, 40, 40]);
});

/** Enters 40 times; inside, finds out whether a live process is inside too. */
const contender = `
  const { withLock } = infra('lock');
  const { identityText, isAlive, ownIdentity, parseIdentity } = infra('process-identity');
  const fs = require('node:fs');
  const inside = args[0] + '/inside';
  for (let turn = 0; turn < 40; turn++) {
    await withLock(args[0] + '/lock', async () => {
      if (fs.existsSync(inside) && isAlive(parseIdentity(fs.readFileSync(inside, 'utf8')))) throw new Error('two inside');
      fs.writeFileSync(inside + process.pid, identityText(ownIdentity()));
      fs.renameSync(inside + process.pid, inside);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      fs.unlinkSync(inside);
    });
  }
  return 40;`;
