import { setTimeout as sleep } from 'node:timers/promises';

import { chaosTest, tell } from '../chaos/support/chance';
import type { Chance } from '../chaos/support/chance';
import { expectCode, killPrograms } from '../support/program';
import { startCluster } from './support/cluster';
import type { Cluster } from './support/cluster';
import { ClusterRun, LAYERS, PAIRS } from './support/cluster-run';
import { ComputedPairs } from './support/computed-pairs';
import { FAULTS } from './support/faults';
import type { ClusterFault } from './support/faults';
import { foldedFetches } from './support/folded-fetches';

/*
 * Three workers, a Temporal server and an emulator of buckets as real processes, and faults of every kind in random order.
 * SAE_MATCH_CLUSTER_FAULTS sets how many; without it each kind happens once. `npm run soak` is the long test.
 */

let cluster: Cluster;
let computed: ComputedPairs;
let undisturbed: Readonly<Record<string, string>>;
const before = process.env.STORAGE_EMULATOR_HOST;

beforeAll(async () => {
  cluster = await startCluster();
  computed = new ComputedPairs(cluster.proxy);
  // This process looks into the bucket past the proxy of faults.
  process.env.STORAGE_EMULATOR_HOST = cluster.emulator.url;
  const run = new ClusterRun(cluster, 'undisturbed');
  expectCode(await (await run.start()).finished(), 0);
  undisturbed = await run.tableHashes();
  expect(Object.keys(undisturbed)).toHaveLength(2 * PAIRS.length + 1);
  expect(computed.repeated('undisturbed')).toBe(0);
}, 300_000);

it('fetches a folded layer once for each machine that did not fold it, however many pairs need it', () => {
  const fetches = foldedFetches(cluster.proxy);
  expect(fetches.size).toBeLessThanOrEqual(LAYERS);
  for (const count of fetches.values()) expect(count).toBeLessThanOrEqual(cluster.workers.length - 1);
  const total = [...fetches.values()].reduce((sum, count) => sum + count, 0);
  tell(`${total} fetches of folded layers for ${2 * PAIRS.length} readings by matches`);
});

afterAll(async () => {
  await killPrograms();
  await cluster.close();
  if (before === undefined) delete process.env.STORAGE_EMULATOR_HOST;
  else process.env.STORAGE_EMULATOR_HOST = before;
}, 60_000);

const wanted = Number(process.env.SAE_MATCH_CLUSTER_FAULTS ?? 0);
/** Time for a fault and what follows from it, on a busy machine. */
const FAULT_TIMEOUT_MS = 60_000;

chaosTest(
  'whatever happens to a cluster, its runs end right, prove it, and repeat no more than was at work',
  async (chance, round, note) => {
    const due = faultsDue(chance);
    const total = due.length;
    let repeated = 0;
    let runs = 0;
    while (due.length > 0) {
      const run = new ClusterRun(cluster, `run-${round}-${++runs}`);
      note(`${run.id}, ${due.length} faults to come`);
      const lossy = await disturb(run, due, chance);
      const manifest = await run.manifest();
      expect({ state: manifest.state, failures: manifest.failures }).toEqual({ state: 'done', failures: [] });
      expect(manifest.pairs.map((pair) => `${pair.source_layer}:${pair.target_layer}`)).toEqual(PAIRS);
      expect(await run.tableHashes()).toEqual(undisturbed);
      expect(computed.repeated(run.id)).toBeLessThanOrEqual(lossy);
      repeated += computed.repeated(run.id);
      expect(await run.orphansAfterGc()).toEqual([]);
      expect(await run.tableHashes()).toEqual(undisturbed);
      await run.expectProved();
    }
    return `${total} faults over ${runs} runs of ${PAIRS.length} pairs; ${repeated} pairs computed twice`;
  },
  { timeoutMs: 180_000 + Math.max(wanted, FAULTS.length) * FAULT_TIMEOUT_MS }
);

/** The faults that happen, in their order; says which this machine refuses. */
function faultsDue(chance: Chance): ClusterFault[] {
  const possible = FAULTS.filter((fault) => {
    const reason = fault.notRun(cluster);
    if (reason !== null) tell(`not run: ${fault.name} (${reason})`);
    return reason === null;
  });
  const count = wanted > 0 ? wanted : possible.length;
  const rounds = Math.ceil(count / possible.length);
  return Array.from({ length: rounds }, () => shuffled(possible, chance))
    .flat()
    .slice(0, count);
}

function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const left = [...items];
  return Array.from(items, () => left.splice(chance.number(0, left.length - 1), 1)[0]!);
}

/** Carries out a run while faults happen, as long as there are any. Returns how many pairs they may have interrupted. */
async function disturb(run: ClusterRun, due: ClusterFault[], chance: Chance): Promise<number> {
  const began = Date.now();
  const command = await run.start();
  let lossy = 0;
  while (due.length > 0) {
    await sleep(chance.number(500, 4000));
    if (!command.isRunning()) break;
    const fault = due.shift()!;
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    const what = await fault.happen(cluster, command, chance);
    tell(`${run.id} at ${seconds} s: ${fault.name}: ${what}`);
    if (fault.losesWork) lossy += 1;
  }
  expectCode(await command.finished(), 0);
  return lossy;
}
