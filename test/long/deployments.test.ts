import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowClient, WorkflowExecutionInfo } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { BuildStanding, DeploymentStanding } from '../../cli/deployment/describe-deployment';
import type { RunStatus } from '../../cli/run-status';
import type { WatchOutcome } from '../../workflows/schedule-types';
import { programBuildId } from '../../workers/build-id';
import { expectCode, killPrograms } from '../support/program';
import type { Command } from '../support/program';
import { randomSae, writeLayers } from '../support/random-sae';
import { tableHashes } from '../support/run-folder';
import { metricsAddress } from '../support/worker-log';
import { createDeploymentPlace, THIS_BUILD, writeOtherBuild } from './support/deployment-place';
import type { Build, DeploymentPlace } from './support/deployment-place';

const OLD = programBuildId(join(__dirname, '../../dist'));
/** The same code by another name, as a build without a change to workflows is. */
const COMPATIBLE: Build = { ...THIS_BUILD, flags: ['--build-id', 'compatible'] };
let place: DeploymentPlace;
let connection: Connection;
let other: Build;
let NEW: string;
beforeAll(async () => {
  place = await createDeploymentPlace('matcher');
  connection = await Connection.connect({ address: place.env.TEMPORAL_ADDRESS! });
  const layers = [1, 2, 3].map((layer) => randomSae(layer, 32, 16));
  writeLayers(join(place.folder, 'saes'), layers);
  other = writeOtherBuild(join(place.folder, 'other'));
  NEW = programBuildId(join(place.folder, 'other/dist'));
}, 240_000);
afterAll(async () => {
  await connection.close();
  await place.close();
});

it('a run ends with the build that it began with, while new runs begin with the next one', async () => {
  // Both workers of the old build are known to the server; then the one that matches is away.
  const matching = await place.worker(THIS_BUILD, '--pools', 'match');
  await place.worker(THIS_BUILD, '--pools', 'workflow,io,fold');
  await makeCurrent();
  await killed(matching);
  await start('old', '--pairs', 'all');
  await untilMatching('old');

  const next = await place.worker(other, '--metrics-group', 'next');
  await makeCurrent('--build-id', NEW);
  expect(await slotsOf(next)).toContain('worker_group="next"');
  expect(await standing()).toMatchObject({ [NEW]: { state: 'current' }, [OLD]: { state: 'draining', runs: 1 } });

  // The new build takes the new run, and leaves the matches of the old one, which wait, alone.
  await start('new', '--pairs', 'all');
  await ended('new');
  expect(await statusOf('old')).toMatchObject({ state: 'running', pairs: { done: 0 } });

  await place.worker(THIS_BUILD, '--pools', 'match');
  await ended('old');
  expect(tableHashes(join(place.folder, 'old'), 'old')).toEqual(tableHashes(join(place.folder, 'new'), 'new'));
  const parts = ['old', 'old/compose', 'new', 'new/compose'];
  expect(await Promise.all(parts.map(buildOf))).toEqual([OLD, OLD, NEW, NEW]);

  await until(async () => (await standing())[OLD]!.state === 'drained');
  const shown = await place.command('deployment', 'show');
  expect(shown.stderr).toContain(`build ${OLD} has nothing left to do: its workers can be ended`);
}, 480_000);

it('a run whose workers are gone waits until it is moved to a build that can go on with it', async () => {
  await killPrograms();
  const orchestrating = await place.worker(THIS_BUILD, '--pools', 'workflow,io,fold');
  await makeCurrent();
  await start('moved', '--pairs', 'all');
  await untilMatching('moved');
  await killed(orchestrating);
  await place.worker(other);
  await place.worker(COMPATIBLE);
  await makeCurrent('--build-id', 'compatible');
  expect(await statusOf('moved')).toMatchObject({ state: 'running', build: OLD, pairs: { done: null } });

  // Code that would have done something else refuses to go on, and nothing is lost by that.
  move('moved', NEW);
  await until(async () => (await failuresOf('moved')).includes('NON_DETERMINISTIC_ERROR'));
  move('moved', 'compatible');
  await ended('moved');
  expect(tableHashes(join(place.folder, 'moved'), 'moved')).toEqual(tableHashes(join(place.folder, 'old'), 'old'));
}, 480_000);

it('a look for checkpoints that began with an old build starts its runs with the one that is current then', async () => {
  await killPrograms();
  await place.worker(COMPATIBLE);
  await makeCurrent('--build-id', 'compatible');
  const live = join(place.folder, 'live');
  writeLayers(
    join(live, '1000'),
    [1, 2].map((layer) => randomSae(layer, 32, 16))
  );
  const options = ['--out', join(place.folder, 'looked'), '--every', '1h', '--settle', '20s'];
  expectCode(await place.command('schedule', 'create', 'live', live, ...options), 0);
  writeLayers(
    join(live, '2000'),
    [3, 4].map((layer) => randomSae(layer, 32, 16))
  );
  await place.worker({ ...THIS_BUILD, flags: ['--build-id', 'later'] });
  expectCode(await place.command('schedule', 'trigger', 'live'), 0);
  const look = await settling();
  await makeCurrent('--build-id', 'later');
  const { started } = (await client().getHandle(look).result()) as WatchOutcome;
  expect(started).toHaveLength(1);
  await ended(started[0]!);
  expect(await buildOf(started[0]!)).toBe('later');
}, 480_000);

const client = (): WorkflowClient => new Client({ connection }).workflow;

/** What the metrics of a worker say of its slots for matches, as autoscaling asks for it. */
async function slotsOf(worker: Command): Promise<string | undefined> {
  const page = await (await fetch(metricsAddress(worker.said())!)).text();
  const slots = page.split('\n').filter((line) => line.startsWith('temporal_worker_task_slots_used{'));
  return slots.find((line) => line.includes('"ActivityWorker"') && line.includes('task_queue="sae-match-match"'));
}

async function makeCurrent(...flags: string[]): Promise<void> {
  expectCode(await place.command('deployment', 'set-current', '--wait', '2m', ...flags), 0);
}

async function start(runId: string, ...flags: string[]): Promise<void> {
  const args = ['--out', join(place.folder, runId), '--run-id', runId, '--detach', ...flags];
  expectCode(await place.command('run', join(place.folder, 'saes'), ...args), 0);
}

async function ended(runId: string): Promise<void> {
  expectCode(await place.command('watch', runId), 0);
}

async function statusOf(runId: string): Promise<RunStatus> {
  return JSON.parse((await place.command('status', runId, '--json')).stdout) as RunStatus;
}

/** The builds that the server knows, by their name. */
async function standing(): Promise<Record<string, BuildStanding>> {
  const { builds } = JSON.parse((await place.command('deployment', 'show', '--json')).stdout) as DeploymentStanding;
  return Object.fromEntries(builds.map((build) => [build.build_id, build]));
}

async function killed(worker: Command): Promise<void> {
  worker.kill('SIGKILL');
  await worker.finished;
}

/** Waits until all that is left of a run is to match its pairs, for which there is no worker. */
async function untilMatching(runId: string): Promise<void> {
  await until(async () => (await statusOf(runId)).progress?.pairs.running.length === 3);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(300);
}

async function buildOf(part: string): Promise<string | undefined> {
  const { raw } = await client().getHandle(`sae-match/${part}`).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
}

/** Why tasks of the workflow of a run failed. */
async function failuresOf(runId: string): Promise<string> {
  const { events } = await client().getHandle(`sae-match/${runId}`).fetchHistory();
  return JSON.stringify(
    historyToJSON({ events: (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes) })
  );
}

/** Has another build go on with a run, as operators do it. */
function move(runId: string, build: string): void {
  const version = ['--versioning-override-deployment-name', 'matcher', '--versioning-override-build-id', build];
  const override = ['--versioning-override-behavior', 'pinned', ...version];
  const args = ['workflow', 'update-options', '--address', place.env.TEMPORAL_ADDRESS!];
  execFileSync(place.temporal, [...args, '--workflow-id', `sae-match/${runId}`, ...override], { stdio: 'pipe' });
}

/** Waits until a look for checkpoints waits for their files to settle; returns its id. */
async function settling(): Promise<string> {
  for (;;) {
    for (const { workflowId } of await executions('checkpointWatch', 'ExecutionStatus = "Running"')) {
      const { events } = await client().getHandle(workflowId).fetchHistory();
      if (events?.some((event) => event.timerStartedEventAttributes) === true) return workflowId;
    }
    await sleep(100);
  }
}

async function executions(type: string, condition: string): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const one of client().list({ query: `WorkflowType = "${type}" AND ${condition}` })) found.push(one);
  return found;
}
