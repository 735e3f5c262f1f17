import { join } from 'node:path';
import { ensureServer } from '../../infra/temporal/embedded-server';
import { expectCode, runProgram, startProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { tableHashes } from '../support/run-folder';
import { writeSmallModel } from '../support/small-model';
import { workerReady } from '../support/worker-log';

const home = createProgramHome();
const saes = join(home.folder, 'saes');
let address: string;
beforeAll(async () => {
  await writeSmallModel(saes, 4, 200);
  ({ address } = await ensureServer(home.home));
}, 240_000);
afterAll(() => home.remove());

const envOf = (taskQueue: string): Record<string, string> => ({ ...home.env, SAE_MATCH_TASK_QUEUE: taskQueue });

/** Starts a worker and waits until it takes work; returns the address of its metrics. */
async function startWorker(taskQueue: string, ...flags: string[]): Promise<string> {
  const args = ['worker', '--address', address, '--metrics', '127.0.0.1:0', ...flags];
  const worker = startProgram(args, envOf(taskQueue));
  return workerReady(worker);
}

/** Of each outcome or origin how often a worker has counted it. */
async function counted(metrics: string, name: string): Promise<Record<string, number>> {
  const page = await (await fetch(metrics)).text();
  const samples = page.matchAll(new RegExp(`^${name}\\{\\w+="(\\w+)"\\} (\\d+)$`, 'gm'));
  return Object.fromEntries([...samples].map(([, label, count]) => [label!, Number(count)]));
}

async function runOn(taskQueue: string): Promise<Record<string, string>> {
  const out = join(home.folder, taskQueue);
  const flags = ['--pairs', 'all', '--out', out, '--run-id', 'r', '--address', address];
  expectCode(await runProgram(['run', saes, ...flags], envOf(taskQueue)), 0);
  return tableHashes(out, 'r');
}

it('a run is the same whether one worker has all pools or each pool is a process of its own', async () => {
  await startWorker('together');
  const together = await runOn('together');
  expect(Object.keys(together)).toHaveLength(6 * 2 + 1);

  const orchestrating = await startWorker('apart', '--pools', 'workflow,io');
  const folding = await startWorker('apart', '--pools', 'fold');
  const matching = await startWorker('apart', '--pools', 'match', '--device', 'cpu', '--match-slots', '2');
  expect(await runOn('apart')).toEqual(together);

  const pairs = [orchestrating, folding, matching].map((worker) => counted(worker, 'sae_match_pairs_total'));
  expect(await Promise.all(pairs)).toEqual([{}, {}, { done: 6 }]);
  // Both layers of each pair are read, each in a thread whose figures the process has to get.
  expect(await counted(matching, 'sae_match_folded_reads_total')).toEqual({ local: 12 });
}, 240_000);
