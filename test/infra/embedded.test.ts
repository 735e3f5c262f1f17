import { openEmbedded, stopEmbedded } from '../../infra/embedded';
import { type Home, openHome } from '../../infra/home';
import { countLeases } from '../../infra/leases';
import { isAlive } from '../../infra/process-identity';
import { serverStatus } from '../../infra/temporal/embedded-server';
import { findTemporal, type TemporalBinary } from '../../infra/temporal/find-binary';
import { type WorkerProgram, workerStatus } from '../../infra/worker-process';
import { removeTemporaryFolders, temporaryHome } from './support/temporary-home';

let binary: TemporalBinary;
const homes: Home[] = [];

beforeAll(async () => {
  binary = await findTemporal(openHome());
}, 600_000);
afterAll(async () => {
  for (const home of homes) await stopEmbedded(home);
  removeTemporaryFolders();
});

function newHome(): Home {
  const home = temporaryHome();
  homes.push(home);
  return home;
}

function worker(address: string): WorkerProgram {
  return { command: process.execPath, args: ['-e', 'setInterval(() => 0, 1000)'], fingerprint: address };
}

test('the last session to close ends server and worker', async () => {
  const home = newHome();
  const options = { server: { binary }, worker };
  const first = await openEmbedded(home, options);
  const second = await openEmbedded(home, options);
  expect([second.server.pid, second.worker?.pid]).toEqual([first.server.pid, first.worker?.pid]);
  expect(await first.close()).toBe(false);
  expect(isAlive(first.server)).toBe(true);
  process.kill(second.worker!.pid, 'SIGKILL');
  while (isAlive(second.worker!)) await new Promise((resolve) => setTimeout(resolve, 10));
  await second.reviveWorker();
  expect(workerStatus(home)).toBeDefined();
  expect(await second.close()).toBe(true);
  expect([await serverStatus(home), workerStatus(home)]).toEqual([undefined, undefined]);
});

test('a detached session leaves server and worker to later sessions until they are stopped', async () => {
  const home = newHome();
  const first = await openEmbedded(home, { server: { binary }, worker });
  expect(await first.close({ detach: true })).toBe(false);
  const second = await openEmbedded(home, { server: { binary }, worker });
  expect([second.server.outcome, second.server.pid]).toEqual(['adopted', first.server.pid]);
  expect(await second.close()).toBe(false);
  expect(await stopEmbedded(home)).toEqual({ server: true, worker: true });
  expect([isAlive(first.server), isAlive(first.worker!)]).toEqual([false, false]);
  expect(await stopEmbedded(home)).toEqual({ server: false, worker: false });
});

test('a session that cannot be opened leaves no lease', async () => {
  const home = newHome();
  const broken: TemporalBinary = { path: '/no/such/temporal', version: '0', source: 'PATH' };
  await expect(openEmbedded(home, { server: { binary: broken } })).rejects.toThrow('/no/such/temporal');
  expect(countLeases(home)).toBe(0);
});
