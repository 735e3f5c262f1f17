import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';

import { findServer } from '../../infra/temporal/server-record';
import { expectCode, runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { crash, createProgramHome } from '../support/program-home';
import type { ProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';

interface Claim {
  readonly checkpoint: string;
  readonly run_id: string;
  readonly spec: { readonly source: string; readonly previous?: { readonly source: string } };
}
interface Shown {
  readonly checkpoints: readonly { checkpoint: string; state: string; run_id: string | null; drift: object | null }[];
}

const STEPS = ['1000', '2000', '3000', '4000'] as const;
const home = createProgramHome();
const fresh = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const schedule = (of: ProgramHome, ...args: string[]): Promise<Finished> => runProgram(['schedule', ...args], of.env);
const create = (of: ProgramHome): Promise<Finished> =>
  schedule(of, 'create', 'live', at('live'), '--out', at('out'), '--every', '2s', '--settle', '3s');

beforeAll(() => {
  STEPS.forEach((step, index) => {
    writeLayers(
      at(`complete/${step}`),
      [1, 2].map((layer) => randomSae(10 * index + layer, 32, 16))
    );
  });
  cpSync(at('complete/1000'), at('live/1000'), { recursive: true });
});

afterAll(async () => {
  await home.remove();
  await fresh.remove();
});

it('starts one run for every checkpoint, once it is complete, whatever overlaps and dies', async () => {
  const created = await create(home);
  expectCode(created, 0);
  expect(created.stdout).toContain('1 checkpoint in the baseline');
  const writing = writeSlowly(STEPS.slice(1));
  for (let looks = 0; looks < 6; looks++) {
    expectCode(await schedule(home, 'trigger', 'live'), 0);
    if (looks === 2) expect(await crash(home.processes().worker)).toBe(true);
  }
  const completed = await writing;
  while (!isDone()) await sleep(200);
  expectCode(await schedule(home, 'trigger', 'live'), 0);
  await watched(home, (looks) => looks >= 8);

  const claims = readClaims();
  expect(claims.map(({ checkpoint }) => checkpoint)).toEqual(STEPS.slice(1));
  expect(claims.map(({ spec }) => spec.previous?.source)).toEqual(STEPS.slice(0, 3).map((step) => at(`live/${step}`)));
  expect(readdirSync(at('out/runs')).sort()).toEqual(claims.map((claim) => claim.run_id).sort());
  const runs = await executions(home, 'modelMatch');
  expect(runs.map(({ workflowId }) => workflowId).sort()).toEqual(
    claims.map((one) => `sae-match/${one.run_id}`).sort()
  );
  for (const { checkpoint, run_id: runId } of claims) {
    const run = runs.find(({ workflowId }) => workflowId.endsWith(runId))!;
    expect(run.startTime.getTime()).toBeGreaterThanOrEqual(completed.get(checkpoint)!);
    expect(hashesIn(`out/runs/${runId}/manifest.json`)).toEqual(hashesOf(`complete/${checkpoint}`));
  }
  const shown = JSON.parse((await schedule(home, 'show', 'live', '--json')).stdout) as Shown;
  expect(shown.checkpoints.map(({ state }) => state)).toEqual(['baseline', 'done', 'done', 'done']);
  expect(shown.checkpoints.slice(1).every(({ drift }) => drift !== null)).toBe(true);
}, 180_000);

it('starts nothing again with a server that knows of no run', async () => {
  const created = await create(fresh);
  expectCode(created, 0);
  expect(created.stdout).toContain('is there with these options');
  expectCode(await schedule(fresh, 'trigger', 'live'), 0);
  await watched(fresh, (looks) => looks >= 1);
  expect(await executions(fresh, 'modelMatch')).toEqual([]);
  const other = await schedule(fresh, 'create', 'live', at('live'), '--out', at('out'), '--settle', '9s');
  expectCode(other, 2);
  expect(other.stderr).toContain('settle_seconds');
}, 120_000);

/** Writes checkpoints in pieces in a process of its own; when each was complete, in milliseconds since the epoch. */
async function writeSlowly(steps: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const script = join(__dirname, 'support/slow-writer.cjs');
  const writer = spawn(process.execPath, [script, at('complete'), at('live'), '150', ...steps], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  writer.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((ended) => writer.once('close', ended));
  return new Map(
    said
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string])
      .map(([step, time]) => [step, Date.parse(time)])
  );
}

function readClaims(): Claim[] {
  const folder = at('out/schedules/live/checkpoints');
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Claim);
}

function isDone(): boolean {
  const claims = readClaims();
  const done = claims.filter(({ run_id: runId }) => existsSync(at(`out/runs/${runId}/manifest.json`)));
  return done.length === STEPS.length - 1;
}

/** Waits until so many looks at the checkpoints have ended. */
async function watched(of: ProgramHome, isEnough: (looks: number) => boolean): Promise<void> {
  for (;;) {
    const looks = await executions(of, 'checkpointWatch');
    if (isEnough(looks.filter(({ status }) => status.name === 'COMPLETED').length)) return;
    await sleep(300);
  }
}

type Execution = Awaited<ReturnType<Client['workflow']['list']>> extends AsyncIterable<infer E> ? E : never;

async function executions(of: ProgramHome, type: string): Promise<Execution[]> {
  const connection = await Connection.connect({ address: findServer(of.home)!.address });
  try {
    const found: Execution[] = [];
    const query = `WorkflowType = '${type}'`;
    for await (const execution of new Client({ connection }).workflow.list({ query })) found.push(execution);
    return found;
  } finally {
    await connection.close();
  }
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

function hashesOf(folder: string): string[] {
  return [0, 1].map((layer) => sha256(readFileSync(at(`${folder}/layer_${layer}/params.npz`))));
}

function hashesIn(manifest: string): string[] {
  const { inputs } = JSON.parse(readFileSync(at(manifest), 'utf8')) as { inputs: { files: { sha256: string }[] }[] };
  return inputs.flatMap(({ files }) => files.map((file) => file.sha256));
}
