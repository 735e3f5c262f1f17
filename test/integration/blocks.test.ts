import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { queryProgress } from '../../cli/query-progress';
import { describeRun, requestOf, startRun } from '../../cli/runs';
import type { RunHandle } from '../../cli/runs';
import { findServer } from '../../infra/temporal/server-record';
import type { RunProgress, RunRequest } from '../../workflows/run-types';
import { expectCode, runProgram, startProgram } from '../support/program';
import { crash, createProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';
import { readRunManifest, tableHashes } from '../support/run-folder';

const LAYERS = 6;
const PAIRS = (LAYERS * (LAYERS - 1)) / 2;

const home = createProgramHome();
const at = (name: string): string => join(home.folder, name);
let client: Client;
let asked: RunRequest;

beforeAll(async () => {
  writeLayers(
    at('saes'),
    Array.from({ length: LAYERS }, (_, layer) => randomSae(layer + 1))
  );
  const plain = ['run', at('saes'), '--out', at('plain'), '--run-id', 'plain', '--pairs', 'all'];
  // The embedded server and worker stay for the runs that follow.
  expectCode(await runProgram([...plain, '--detach'], home.env), 0);
  expectCode(await runProgram(plain, home.env), 0);
  client = new Client({ connection: await Connection.connect({ address: findServer(home.home)!.address }) });
  asked = requestOf((await describeRun(client, 'plain'))!)!;
}, 120_000);

afterAll(async () => {
  await client.connection.close();
  await home.remove();
});

/** Starts the run again, elsewhere and divided into blocks of three pairs. */
const startBlocks = (runId: string): Promise<RunHandle> =>
  startRun(client, {
    runId,
    spec: { ...asked.spec, out: at(runId) },
    execution: { ...asked.execution, pairsPerBlock: 3, firstPauseSeconds: 1 },
  });

async function until(handle: RunHandle, holds: (progress: RunProgress) => boolean): Promise<RunProgress> {
  for (;;) {
    const progress = await queryProgress(handle);
    if (progress !== null && holds(progress)) return progress;
    await sleep(50);
  }
}

it('a run in blocks has the results of one that is not, and each pair is counted once', async () => {
  const handle = await startBlocks('blocks');
  let most = 0;
  const followed = until(handle, ({ state, pairs }) => {
    // What has been counted by a block that ended is counted by the run from then on.
    expect(pairs.done).toBeGreaterThanOrEqual(most);
    most = pairs.done;
    expect(pairs).toMatchObject({ failed: 0, setAside: [] });
    return state !== 'running';
  });
  expect(await handle.result()).toMatchObject({ state: 'done', pairsDone: PAIRS, pairsCached: 0, failures: [] });
  expect((await followed).pairs).toMatchObject({ done: PAIRS, running: [] });
  expect(tableHashes(at('blocks'), 'blocks')).toEqual(tableHashes(at('plain'), 'plain'));
  const ids = [];
  for await (const { workflowId } of client.workflow.list()) ids.push(workflowId);
  expect(ids.filter((id) => id.startsWith('sae-match/blocks/pairs-'))).toHaveLength(PAIRS / 3);
}, 60_000);

it('a worker that is killed, a pair that cannot be stored and layers that are gone cost a run in blocks only time', async () => {
  const [key] = readRunManifest(at('plain'), 'plain').content_keys!.matches;
  const obstacle = join(at('hard'), 'artifacts/matches', key!);
  mkdirSync(join(obstacle, '..'), { recursive: true });
  writeFileSync(obstacle, '');
  const handle = await startBlocks('hard');
  await until(handle, ({ pairs }) => pairs.done > 1);
  expect(await crash(home.processes().worker)).toBe(true);
  // Following the run brings the worker back.
  const watch = startProgram(['watch', 'hard', '--out', at('hard')], home.env);

  const { pairs, setAside } = await until(
    handle,
    (progress) => progress.pairs.setAside.length > 0 && progress.pairs.done === PAIRS - 1
  );
  expect(pairs).toMatchObject({ total: PAIRS, failed: 0 });
  expect(setAside).toEqual([expect.objectContaining({ what: 'match', type: 'EnvironmentError' })]);
  expect(existsSync(join(at('hard'), 'runs/hard/manifest.json'))).toBe(false);
  rmSync(join(at('hard'), 'artifacts/folded'), { recursive: true });
  rmSync(obstacle);

  expectCode(await watch.finished, 0);
  expect(await handle.result()).toMatchObject({ state: 'done', pairsDone: PAIRS, failures: [] });
  expect(tableHashes(at('hard'), 'hard')).toEqual(tableHashes(at('plain'), 'plain'));
}, 120_000);

it('a run in blocks fails what a broken layer is part of, and nothing else', async () => {
  rmSync(at('saes/layer_2'), { recursive: true });
  mkdirSync(at('saes/layer_2'));
  writeFileSync(at('saes/layer_2/params.npz'), 'no archive');
  const { state, pairsDone, failures } = await (await startBlocks('broken')).result();
  expect({ state, pairsDone }).toEqual({ state: 'partial', pairsDone: PAIRS - (LAYERS - 1) });
  expect(failures.map(({ layers }) => layers)).toEqual([[2]]);
  const { pairs } = readRunManifest(at('broken'), 'broken');
  const failed = pairs.filter(({ status }) => status === 'failed');
  expect(failed.map(({ source_layer, target_layer }) => [source_layer, target_layer])).toEqual([
    [0, 2],
    [1, 2],
    [2, 3],
    [2, 4],
    [2, 5],
  ]);
}, 60_000);
