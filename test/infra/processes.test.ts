import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isAlive } from '../../infra/process-identity';
import { findBackground, logTail, startBackground, stopProcess } from '../../infra/processes';
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

const idle = ['-e', 'setInterval(() => 0, 1000)'];

test('a background program survives the kill of its starter and is found by its name', async () => {
  const folder = temporaryFolder();
  const name = `sae-match-test@${folder}`;
  const starter = compiled.run(
    `await infra('processes').startBackground({ name: args[0], command: process.execPath, args: ${JSON.stringify(idle)},
       logFile: args[1] + '/log' }); process.kill(process.pid, 'SIGKILL');`,
    name,
    folder
  );
  await expect(starter.result).rejects.toThrow('SIGKILL');
  const [found] = findBackground(name);
  expect(found?.args).toEqual(idle);
  await stopProcess(found!.identity, 5_000);
  expect(findBackground(name)).toEqual([]);
});

test('a program that ignores SIGTERM is killed after its grace', async () => {
  const folder = temporaryFolder();
  const logFile = join(folder, 'log');
  const identity = await startBackground({
    name: `sae-match-test@${folder}`,
    command: process.execPath,
    args: ['-e', `process.on('SIGTERM', () => console.log('no')); console.log('ready'); setInterval(() => 0, 1000)`],
    logFile,
  });
  while (!logTail(logFile).includes('ready')) await sleep(10);
  await stopProcess(identity, 200);
  expect(isAlive(identity)).toBe(false);
  expect(readFileSync(logFile, 'utf8')).toBe('ready\nno\n');
});

test('a program that does not exist is an error that names it and the log', async () => {
  const folder = temporaryFolder();
  const start = startBackground({ name: 'x', command: '/no/such/program', args: [], logFile: join(folder, 'log') });
  await expect(start).rejects.toThrow(EnvironmentError);
  await expect(start).rejects.toThrow(/^\/no\/such\/program: the program does not start \(found .*ENOENT/);
});

test('a log that has grown large is moved aside before the next start', async () => {
  const logFile = join(temporaryFolder(), 'log');
  writeFileSync(logFile, '');
  truncateSync(logFile, 17 * 2 ** 20);
  const identity = await startBackground({ name: 'sae-match-test', command: process.execPath, args: idle, logFile });
  await stopProcess(identity, 5_000);
  expect(statSync(`${logFile}.1`).size).toBe(17 * 2 ** 20);
  expect(statSync(logFile).size).toBe(0);
});

test('the tail of a log is its last lines, and nothing for a missing log', () => {
  const logFile = join(temporaryFolder(), 'log');
  expect(existsSync(logFile)).toBe(false);
  expect(logTail(logFile)).toBe('');
  writeFileSync(logFile, '1\n2\n3\n');
  expect(logTail(logFile, 2)).toBe('2\n3');
});
