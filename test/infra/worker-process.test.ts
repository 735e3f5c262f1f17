import { join } from 'node:path';

import { isAlive } from '../../infra/process-identity';
import { findBackground } from '../../infra/processes';
import { ensureWorker, stopWorker, type WorkerProgram, workerStatus } from '../../infra/worker-process';
import { type CompiledInfra, compileInfra } from './support/child';
import { removeTemporaryFolders, temporaryHome } from './support/temporary-home';

let compiled: CompiledInfra;
beforeAll(() => {
  compiled = compileInfra();
});
afterAll(() => {
  compiled.remove();
  removeTemporaryFolders();
});

function worker(fingerprint: string): WorkerProgram {
  return { command: process.execPath, args: ['-e', 'setInterval(() => 0, 1000)'], fingerprint, graceMs: 5_000 };
}

test('a worker with the same fingerprint is kept, one with another is replaced', async () => {
  const home = temporaryHome();
  const first = await ensureWorker(home, worker('a'));
  expect(first.outcome).toBe('started');
  const same = await ensureWorker(home, worker('a'));
  expect(same).toEqual({ ...first, outcome: 'adopted' });
  const other = await ensureWorker(home, worker('b'));
  expect(other.outcome).toBe('started');
  expect([isAlive(first), isAlive(other)]).toEqual([false, true]);
  expect(await stopWorker(home)).toBe(true);
  expect(isAlive(other)).toBe(false);
  expect(await stopWorker(home)).toBe(false);
});

test('a worker that was killed is started again', async () => {
  const home = temporaryHome();
  const first = await ensureWorker(home, worker('a'));
  process.kill(first.pid, 'SIGKILL');
  while (isAlive(first)) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(workerStatus(home)).toBeUndefined();
  const second = await ensureWorker(home, worker('a'));
  expect(second.outcome).toBe('started');
  await stopWorker(home);
});

test('starters that are killed at random moments leave at most one worker behind', async () => {
  const home = temporaryHome();
  const name = `sae-match-worker@${home.dir}`;
  const script = `await infra('worker-process').ensureWorker(JSON.parse(args[0]), JSON.parse(args[1])); return process.pid;`;
  for (let round = 0; round < 8; round++) {
    const child = compiled.run(script, JSON.stringify(home), JSON.stringify(worker(`round ${round}`)));
    setTimeout(() => child.process.kill('SIGKILL'), 60 + Math.random() * 120);
    await child.result.catch(() => undefined);
    expect(findBackground(name).length).toBeLessThanOrEqual(1);
  }
  const last = await ensureWorker(home, worker('last'));
  expect(findBackground(name).map(({ identity }) => identity.pid)).toEqual([last.pid]);
  expect(last.logFile).toBe(join(home.logs, 'worker.log'));
  await stopWorker(home);
});
