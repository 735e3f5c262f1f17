import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';

import { type Home, openHome } from '../../../infra/home';
import { isAlive } from '../../../infra/process-identity';
import {
  ensureServer,
  type EmbeddedServerOptions,
  serverStatus,
  stopServer,
} from '../../../infra/temporal/embedded-server';
import { findTemporal, type TemporalBinary } from '../../../infra/temporal/find-binary';
import { EnvironmentError } from '../../../matching/errors';
import { type CompiledInfra, compileInfra } from '../support/child';
import { removeTemporaryFolders, temporaryFolder, temporaryHome } from '../support/temporary-home';

let compiled: CompiledInfra;
let binary: TemporalBinary;
let options: EmbeddedServerOptions;
const homes: Home[] = [];

beforeAll(async () => {
  compiled = compileInfra();
  binary = await findTemporal(openHome());
  options = { binary, env: { ...process.env, SAE_MATCH_PORT: undefined } };
}, 600_000);
afterAll(async () => {
  for (const home of homes) await stopServer(home);
  compiled.remove();
  removeTemporaryFolders();
});

function newHome(): Home {
  const home = temporaryHome();
  homes.push(home);
  return home;
}

/** Ids of all processes whose arguments name the database of this home, as `ps` sees them. */
function serversOn(home: Home): number[] {
  return execFileSync('ps', ['-axww', '-o', 'pid=,stat=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    .split('\n')
    .filter((line) => line.includes(join(home.dir, 'temporal.db')) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => Number.parseInt(line, 10));
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function startWorkflow(address: string, workflowId: string): Promise<void> {
  await withClient(address, (client) => client.workflow.start('anything', { workflowId, taskQueue: 'nobody' }));
}

async function kill(pid: number, identity: { pid: number; started: string }): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (isAlive(identity)) await sleep(10);
}

test('a server is started, adopted by another process, comes back after a kill with its data and port, and is stopped', async () => {
  const home = newHome();
  const started = await ensureServer(home, options);
  expect(started.outcome).toBe('started');
  expect(serversOn(home)).toEqual([started.pid]);
  await startWorkflow(started.address, 'kept');

  const call = `return infra('temporal/embedded-server').ensureServer(JSON.parse(args[0]));`;
  const adopted = await compiled.run(call, JSON.stringify(home)).result;
  expect(adopted).toEqual({ ...started, outcome: 'adopted' });

  await kill(started.pid, started);
  expect(await serverStatus(home)).toBeUndefined();
  const again = await ensureServer(home, options);
  expect(again).toMatchObject({ outcome: 'started', address: started.address });
  const description = await withClient(again.address, (client) => client.workflow.getHandle('kept').describe());
  expect(description.status.name).toBe('RUNNING');
  expect(await serverStatus(home)).toMatchObject({ pid: again.pid, serving: true });

  expect(await stopServer(home)).toBe(true);
  expect(serversOn(home)).toEqual([]);
  expect(await stopServer(home)).toBe(false);
});

test('finished runs are kept for a year', async () => {
  const home = newHome();
  const { address } = await ensureServer(home, options);
  const retention = await withClient(address, async (client) => {
    const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
    return Number(config?.workflowExecutionRetentionTtl?.seconds);
  });
  expect(retention).toBe(365 * 86_400);
});

test('processes that ask at the same time get one server', async () => {
  const home = newHome();
  const call = `return infra('temporal/embedded-server').ensureServer(JSON.parse(args[0]), { binary: JSON.parse(args[1]) });`;
  const ask = (): Promise<unknown> => compiled.run(call, JSON.stringify(home), JSON.stringify(binary)).result;
  const servers = (await Promise.all([ask(), ask(), ask()])) as { outcome: string; pid: number; address: string }[];
  expect(servers.map(({ outcome }) => outcome).sort()).toEqual(['adopted', 'adopted', 'started']);
  expect(serversOn(home)).toEqual([servers[0]!.pid]);
  expect(new Set(servers.map(({ address }) => address)).size).toBe(1);
});

test('starters and servers killed at random moments leave one server on a sound database', async () => {
  const home = newHome();
  const call = `await infra('temporal/embedded-server').ensureServer(JSON.parse(args[0]), { binary: JSON.parse(args[1]) });`;
  for (let round = 0; round < 5; round++) {
    const starter = compiled.run(call, JSON.stringify(home), JSON.stringify(binary));
    await sleep(400 + Math.random() * 1_200);
    starter.process.kill('SIGKILL');
    await starter.result.catch(() => undefined);
    expect(serversOn(home).length).toBeLessThanOrEqual(1);
    if (round % 2 === 1) for (const pid of serversOn(home)) process.kill(pid, 'SIGKILL');
  }
  const server = await ensureServer(home, options);
  expect(serversOn(home)).toEqual([server.pid]);
  await startWorkflow(server.address, 'works');
});

test('a server that no record names is found and adopted', async () => {
  const home = newHome();
  const started = await ensureServer(home, options);
  rmSync(join(home.dir, 'server.json'));
  const adopted = await ensureServer(home, options);
  expect(adopted).toMatchObject({ outcome: 'adopted', pid: started.pid, address: started.address });
});

test('a database left half made by a killed first start is made anew', async () => {
  const home = newHome();
  writeFileSync(join(home.dir, 'temporal.db'), 'half a table');
  const { outcome } = await ensureServer(home, options);
  expect(outcome).toBe('started');
  expect(existsSync(join(home.dir, 'temporal.db.complete'))).toBe(true);
});

test('a busy port that was asked for is one sentence with the remedies', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as { port: number };
  const home = newHome();
  const start = ensureServer(home, { ...options, env: { ...process.env, SAE_MATCH_PORT: String(port) } });
  await expect(start).rejects.toThrow(EnvironmentError);
  await expect(start).rejects.toThrow(
    `port ${port} is busy (found another program that listens on it). End that program, or set SAE_MATCH_PORT to a free port`
  );
  expect(serversOn(home)).toEqual([]);
  blocker.close();
});

test('a server that ends before it answers is reported with the end of its log', async () => {
  const program = join(temporaryFolder(), 'temporal');
  writeFileSync(program, '#!/bin/sh\nsleep 0.1\necho the disk is on fire\n', { mode: 0o755 });
  const home = newHome();
  const start = ensureServer(home, { ...options, binary: { path: program, version: '0', source: 'PATH' } });
  await expect(start).rejects.toThrow(EnvironmentError);
  await expect(start).rejects.toThrow('the embedded Temporal server did not become ready (found the disk is on fire)');
});
