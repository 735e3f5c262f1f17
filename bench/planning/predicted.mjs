import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { at } from '../../scripts/lib/paths.mjs';
import { folder } from '../results.mjs';
import { THREADS } from '../rows.mjs';
import { runRow } from '../run-row.mjs';

const require = createRequire(import.meta.url);
const { storeRates } = require('../../dist/activities/planning/calibration-file.js');
const { pairWork } = require('../../dist/activities/planning/pair-work.js');
const { firstSeconds, predictMatch } = require('../../dist/activities/planning/predict-match.js');

/** Rates of one thread that the engine divides among all it has. */
const OF_THREADS = ['scan_thread', 'look_thread', 'pair_thread', 'element_thread'];

/** What this machine can do now, as `plan --calibrate` measures it. */
export function calibrated(clock) {
  mkdirSync(folder, { recursive: true });
  const args = [at('bench/planning/calibrate.mjs'), folder];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', env: environmentOf(clock) });
  const rates = JSON.parse(output);
  if (clock === 'processor') {
    // Seconds of all threads together were taken for those of each.
    const threads = availableParallelism();
    for (const key of OF_THREADS) rates.engine[key] /= threads;
    for (const key of ['float32', 'integer']) rates.devices.cpu[key] /= threads;
  }
  return rates;
}

function environmentOf(clock) {
  const preload = `--import=${pathToFileURL(at('bench/planning/processor-clock.mjs')).href}`;
  return clock === 'wall' ? process.env : { ...process.env, NODE_OPTIONS: preload };
}

/** A row of the bench: matches of rows in memory, one after the other, each with all threads. */
export function predictedRow(name, row, rates, clock) {
  const load = loadavg()[0];
  // The programs that are timed inherit it.
  Object.assign(process.env, environmentOf(clock));
  const { ours } = runRow(name, { ...row, peers: [], wholeProcess: false }, measured());
  const [sources, targets, width] = ['sources', 'targets', 'width'].map((size) => row[size] ?? ours[size]);
  // The side that must be matched completely is the one whose rows are multiplied.
  const size = { rows: sources, columns: targets, width };
  const work = pairWork(size, { device: 'cpu', slots: 1, cores: THREADS, memoryBudget: row.budget });
  const threads = clock === 'processor' ? 1 : work.threads;
  const match = predictMatch({ ...work, threads }, rates);
  // Rows of several pairs tell the time of those that find a warm process.
  const first = row.kind === 'pair' ? firstSeconds(work, rates) : 0;
  const predicted = Object.fromEntries(Object.entries(match).map(([key, seconds]) => [key, seconds + first]));
  const shape = `${sources} × ${targets} × ${width}`;
  return { shape, storage: ours.storage, passes: ours.passes, predicted, actual: ours.seconds, load };
}

const measured = () => ({ folder, keep: false, python: null, data: process.env.SAE_MATCH_DATA });

/** A whole run with the embedded server, in a home of its own that knows these rates. */
export async function predictedRun(name, rates) {
  const load = loadavg()[0];
  const place = mkdtempSync(join(tmpdir(), 'sae-match-planning-'));
  try {
    await storeRates(place, rates, new Date());
    const env = { ...withoutServer(process.env), SAE_MATCH_HOME: place };
    const source = join(process.env.SAE_MATCH_DATA, name);
    const args = ['--quiet', 'run', source, '--out', join(place, 'out')];
    execFileSync(process.execPath, [at('dist/cli/main.js'), ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const runs = join(place, 'out/runs');
    const manifest = JSON.parse(readFileSync(join(runs, readdirSync(runs)[0], 'manifest.json'), 'utf8'));
    const { predicted, actual } = manifest.planning;
    const shape = `${actual.folds} layers, ${actual.matches} pairs, ${availableParallelism()} at once`;
    return { shape, passes: actual.passes, predicted: predicted.seconds, actual: actual.seconds, load };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const withoutServer = (env) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
