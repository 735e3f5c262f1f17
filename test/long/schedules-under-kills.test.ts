import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { formatTable } from '../../cli/format-table';
import { expectCode } from '../support/program';
import type { Finished } from '../support/program';
import { crash } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';
import { readRunManifest } from '../support/run-folder';
import { createRunPlace } from '../support/run-place';
import { writeTorchStep } from '../support/torch-sae';
import { WatchedSchedule } from '../support/watched-schedule';
import type { Claim, Execution } from '../support/watched-schedule';
import { chaosTest, tell } from '../chaos/support/chance';
import type { Chance } from '../chaos/support/chance';
import { PairWatch } from '../chaos/support/pair-watch';

/*
 * A training that saves checkpoints, in folders and in files of single steps, and a schedule whose looks overlap while its
 * worker, its server and nothing else die. See support/chance.ts for SAE_MATCH_CHAOS_ROUNDS and SAE_MATCH_CHAOS_SEED.
 */

const place = createRunPlace();
const LAYERS = 3;
/** Neighbouring layers, and each with the same layer of the checkpoint before. */
const PAIRS = LAYERS - 1 + LAYERS;
/** There before the schedule, and matched because somebody asks for it. */
const BASELINE = ['500', '1000'];
const SAVED = ['2000', 'ae_2500', '3000', 'ae_3500', '4000', '5000'];
const ALL = [...BASELINE, ...SAVED];
const stepOf = (name: string): number => Number(name.replace('ae_', ''));
const prepared = (name: string): string => join(place.folder, 'prepared', name);

beforeAll(async () => {
  await place.start();
  for (const name of ALL) {
    const step = stepOf(name);
    if (name.startsWith('ae_')) await writeTorchStep(prepared(name), step, LAYERS);
    else {
      const saes = Array.from({ length: LAYERS }, (_, layer) => randomSae(1000 * layer + step, 24, 8));
      writeLayers(join(prepared(name), name), saes);
    }
  }
}, 120_000);

afterAll(() => place.remove(), 90_000);

chaosTest(
  'every checkpoint has one run, compared with the right one before, whatever overlaps and dies',
  async (chance, round, note) => {
    const at = (name: string): string => join(place.folder, `${name}-${round}`);
    const [source, out] = [at('live'), at('out')];
    await save(source, 0, BASELINE);
    const schedule = new WatchedSchedule(place, out, place.env, `live-${round}`);
    const layers = ['--layers', `0-${LAYERS - 1}`];
    await schedule.create(source, '--every', '2s', '--settle', '2s', ...layers);
    const watch = new PairWatch(out);
    try {
      const training = save(source, 150, SAVED);
      const happened = await disturb(schedule, training, chance, note);
      const completed = await training;
      // Whatever was killed last comes back with a command.
      await again(() => schedule.command('trigger'));
      await schedule.done(...ALL);
      await again(() => schedule.command('trigger'));
      await again(() => schedule.command('pause'));
      while (await isLooking(schedule)) await sleep(300);
      await expectOnce({ schedule, source, out, watch, completed });
      return happened;
    } finally {
      watch.stop();
    }
  },
  { timeoutMs: 480_000 }
);

/** Saves checkpoints, piece by piece, in a process of its own; when each was complete, in milliseconds since the epoch. */
async function save(source: string, pauseMs: number, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  mkdirSync(source, { recursive: true });
  const script = join(__dirname, 'support/training.cjs');
  const args = [script, join(place.folder, 'prepared'), source, String(pauseMs), ...names];
  const training = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  training.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((ended) => training.once('close', ended));
  const lines = said.trim().split('\n');
  return new Map(
    lines.map((line) => line.split(' ') as [string, string]).map(([name, time]) => [name, Date.parse(time)])
  );
}

/** Lets things happen, in random order at random moments, all of them, and until the training has ended. Returns what. */
async function disturb(
  schedule: WatchedSchedule,
  saving: Promise<unknown>,
  chance: Chance,
  note: (text: string) => void
): Promise<string> {
  const training = { isOver: false };
  void saving.then(() => (training.isOver = true));
  const counts = { 'worker killed': 0, 'server killed': 0, 'looks by hand': 0, 'looks at once': 0 };
  const lookByHand = async (): Promise<void> => {
    await again(() => schedule.command('trigger'));
    counts['looks by hand'] += 1;
  };
  const kill = async (which: 'worker' | 'server'): Promise<void> => {
    // The command brings back what was killed before.
    await lookByHand();
    await sleep(chance.number(0, 1500));
    if (await crash(place.processes()[which])) counts[`${which} killed`] += 1;
  };
  /** Temporal's own backfill: a look for each of the last ten intervals, all at the same time. */
  const lookAtOnce = async (): Promise<void> => {
    await lookByHand();
    const end = new Date();
    await schedule.backfillLooks({ start: new Date(end.getTime() - 20_000), end });
    counts['looks at once'] += 10;
  };
  const matchBaseline = async (): Promise<void> => {
    const backfill = (...range: string[]) => again(() => schedule.command('backfill', ...range));
    await Promise.all([backfill('--to', '700'), backfill('--from', '400', '--to', ' 1000 '), lookByHand()]);
  };
  const killWorker = (): Promise<void> => kill('worker');
  const due = [() => kill('server'), matchBaseline, lookAtOnce, lookAtOnce];
  due.push(killWorker, killWorker, killWorker, killWorker);
  while (due.length > 0 || !training.isOver) {
    note(JSON.stringify(counts));
    await sleep(chance.number(200, 2000));
    const [act = chance.one([killWorker, lookByHand])] = due.splice(chance.number(0, Math.max(0, due.length - 1)), 1);
    await act();
  }
  expect(counts['server killed']).toBe(1);
  expect(counts['worker killed']).toBeGreaterThanOrEqual(3);
  return Object.entries(counts)
    .map(([what, count]) => `${what} ${count} times`)
    .join(', ');
}

/** A person repeats a command that a dying server has failed. */
async function again(command: () => Promise<Finished>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const ended = await command();
    if (ended.code === 0) return;
    if (attempt === 6) expectCode(ended, 0);
  }
}

async function isLooking(schedule: WatchedSchedule): Promise<boolean> {
  return (await schedule.looks()).some(({ status }) => status.name === 'RUNNING');
}

interface Evidence {
  readonly schedule: WatchedSchedule;
  readonly source: string;
  readonly out: string;
  readonly watch: PairWatch;
  readonly completed: ReadonlyMap<string, number>;
}

/** Prints what became of every checkpoint, and expects that it is right. */
async function expectOnce({ schedule, source, out, watch, completed }: Evidence): Promise<void> {
  const claims = await schedule.claims();
  const runs = await schedule.executions('modelMatch');
  const own = runs.filter(({ workflowId }) => claims.some(({ run_id: id }) => workflowId === `sae-match/${id}`));
  const found = claims.map((claim) => evidenceOf(claim, own, out, watch));
  const header = ['checkpoint', 'run', 'starts', 'manifests', 'pairs', 'computed', 'compared with'];
  const rows = found.map((one) => [
    one.checkpoint,
    one.runId,
    ...[one.starts, one.manifests, one.pairs, one.computed].map(String),
    one.before ?? 'nothing',
  ]);
  for (const line of formatTable(header, rows, [2, 3, 4, 5])) tell(line);
  expect(found.map(({ checkpoint, before }) => [checkpoint, before])).toEqual(
    ALL.map((name, index) => [name, ALL[index - 1]])
  );
  for (const one of found) {
    const pairs = one.before === undefined ? LAYERS - 1 : PAIRS;
    expect(one).toMatchObject({ starts: 1, manifests: 1, pairs, computed: pairs, state: 'done' });
    expect(one.inputs).toEqual(hashesBelow(prepared(one.checkpoint)));
    const complete = completed.get(one.checkpoint);
    if (complete !== undefined) expect(one.started).toBeGreaterThanOrEqual(complete);
  }
  expect(readdirSync(join(out, 'runs'))).toHaveLength(ALL.length);
  expect(readdirSync(join(out, 'artifacts/matches'))).toHaveLength(found.reduce((sum, { pairs }) => sum + pairs, 0));
  expect(watch.repeated()).toEqual([]);
  expect(own).toHaveLength(ALL.length);
  expect(claims.every(({ spec }) => spec.source.startsWith(source))).toBe(true);
}

function evidenceOf(
  { checkpoint, run_id: runId, spec }: Claim,
  runs: readonly Execution[],
  out: string,
  watch: PairWatch
) {
  const manifests = readdirSync(join(out, 'runs')).map((id) => readRunManifest(out, id));
  const own = manifests.filter((one) => {
    const other = one.spec as Claim['spec'];
    return other.source === spec.source && other.step === spec.step;
  });
  const [manifest] = own;
  const starts = runs.filter(({ workflowId }) => workflowId === `sae-match/${runId}`);
  const { previous } = spec;
  return {
    ...{ checkpoint, runId, starts: starts.length, manifests: own.length, state: manifest?.state },
    started: Math.min(...starts.map(({ startTime }) => startTime.getTime())),
    pairs: (manifest?.pairs.length ?? 0) + (manifest?.drift?.length ?? 0),
    computed: watch.computations(manifest?.content_keys?.matches ?? []),
    before: previous && (previous.step === undefined ? previous.source.split('/').at(-1)! : `ae_${previous.step}`),
    inputs: manifest?.inputs.flatMap(({ files }) => files.map(({ sha256 }) => sha256)).sort(),
  };
}

function hashesBelow(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) =>
      createHash('sha256')
        .update(readFileSync(join(parentPath, name)))
        .digest('hex')
    )
    .sort();
}
