import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Failure } from '../../scripts/lib/failure.mjs';
import { at } from '../../scripts/lib/paths.mjs';
import { progress } from '../../scripts/lib/run.mjs';
import { table } from '../markdown.mjs';

const require = createRequire(import.meta.url);
const { Client, Connection } = require('@temporalio/client');
const { openEmbedded } = require('../../dist/infra/embedded.js');
const { openHome } = require('../../dist/infra/home.js');

/** Processes that match, one pair at a time each. */
const COUNTS = [1, 2, 4];
/** What a match takes beside its own work. */
const FIXED_MS = 1000;
const LEAST_EFFICIENCY = 0.9;

/**
 * Runs the same pairs with more and more workers. Each match takes a fixed time, in which the machine is free, as it is while
 * a device computes: what is lost is lost to the orchestration.
 *
 * @returns for each number of workers the seconds from the first match to the last, and T₁ / (n · Tₙ)
 */
export async function workerCounts(model, folder) {
  const env = {
    ...process.env,
    SAE_MATCH_HOME: join(folder, 'home-of-counts'),
    SAE_MATCH_CACHE: join(folder, 'cache'),
  };
  const embedded = await openEmbedded(openHome(env));
  try {
    const { address } = embedded.server;
    const client = new Client({ connection: await Connection.connect({ address }) });
    const rows = [];
    for (const count of COUNTS) {
      progress(`matching with ${count} workers`);
      const measured = await withWorkers({ ...env, SAE_MATCH_TASK_QUEUE: `of-${count}` }, address, count, () =>
        run(client, { model, out: join(folder, `out-${count}`), id: `of-${count}`, address, env })
      );
      rows.push({
        count,
        ...measured,
        efficiency: (rows[0]?.seconds ?? measured.seconds) / (count * measured.seconds),
      });
      if (rows.length === 1) rows[0].efficiency = 1;
    }
    await client.connection.close();
    const low = rows.filter(({ efficiency }) => efficiency < LEAST_EFFICIENCY);
    const broken = low.map(({ count, efficiency }) => `${count} workers reach ${efficiency.toFixed(2)} of their speed`);
    return { fixedMs: FIXED_MS, rows, broken };
  } finally {
    await embedded.close();
  }
}

/** Prints what {@link workerCounts} found. */
export function printCounts({ rows }) {
  console.log(`\n${table(columns, rows)}`);
}

async function withWorkers(env, address, count, work) {
  const rest = ['worker', '--address', address, '--pools', 'workflow,io,fold', '--metrics', '127.0.0.1:0'];
  const matching = [at('bench/scale/slow-worker.mjs'), address, env.SAE_MATCH_TASK_QUEUE, String(FIXED_MS)];
  const workers = [[at('dist/cli/main.js'), ...rest], ...Array.from({ length: count }, () => matching)].map((args) =>
    spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  );
  const ended = workers.map((worker) => once(worker, 'exit'));
  const lost = Promise.race(workers.map(lossOf));
  try {
    return await Promise.race([lost, Promise.all(workers.map(isReady)).then(work)]);
  } finally {
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.all(ended);
  }
}

/** Each worker says that it is ready once it polls: the one on standard error, the others on standard output. */
function isReady(worker) {
  return new Promise((done) => {
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (text) => {
        if (/\bready\b/.test(text)) done();
      });
    }
  });
}

/** Rejects when a worker ends, with what it said last. Nothing would be matched without it. */
async function lossOf(worker) {
  let said = '';
  worker.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const [code, signal] = await once(worker, 'exit');
  throw new Failure(`sae-match: a worker ended with ${code ?? signal}: ${said.trim()}`);
}

async function run(client, { model, out, id, address, env }) {
  const args = ['--quiet', 'run', model, '--out', out, '--run-id', id, '--pairs', 'all', '--address', address];
  const program = [at('dist/cli/main.js'), ...args];
  await promisify(execFile)(process.execPath, program, { env: { ...env, SAE_MATCH_TASK_QUEUE: id } });
  const { events } = await client.workflow.getHandle(`sae-match/${id}`).fetchHistory();
  const scheduled = events.filter(
    ({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType.name === 'matchLayers'
  );
  const ids = new Set(scheduled.map(({ eventId }) => String(eventId)));
  const of = (attributes) => attributes != null && ids.has(String(attributes.scheduledEventId));
  const began = events.filter((event) => of(event.activityTaskStartedEventAttributes)).map(timeOf);
  const ended = events.filter((event) => of(event.activityTaskCompletedEventAttributes)).map(timeOf);
  return { pairs: ended.length, seconds: Math.max(...ended) - Math.min(...began) };
}

const timeOf = ({ eventTime }) => Number(eventTime.seconds) + eventTime.nanos / 1e9;

const columns = {
  'match workers': ({ count }) => count,
  pairs: ({ pairs }) => pairs,
  s: ({ seconds }) => seconds.toFixed(1),
  'pairs a second': ({ pairs, seconds }) => (pairs / seconds).toFixed(2),
  efficiency: ({ efficiency }) => efficiency.toFixed(3),
};
