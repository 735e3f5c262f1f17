import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { at } from '../../scripts/lib/paths.mjs';
import { workflowsOf } from './histories.mjs';

const require = createRequire(import.meta.url);
const { Client, Connection } = require('@temporalio/client');
const { openEmbedded } = require('../../dist/infra/embedded.js');
const { openHome } = require('../../dist/infra/home.js');
const { workerStatus } = require('../../dist/infra/worker-process.js');
const { RunResults } = require('../../dist/cli/run-results.js');
const { findManifest } = require('../../dist/cli/runs.js');

const RUN = 'scale';
/** A fifth of what the server allows, half of it for payloads: there is room for a run that goes wrong. */
const LIMITS = { events: 10_000, bytes: 10e6, payload: 1e6 };

/** Matches all pairs of a model in a home of its own, and looks at what that took. */
export async function manyPairs(model, folder) {
  const env = { ...process.env, SAE_MATCH_HOME: join(folder, 'home'), SAE_MATCH_CACHE: join(folder, 'cache') };
  const out = join(folder, 'out');
  const home = openHome(env);
  // Server and worker stay for as long as somebody uses them.
  const embedded = await openEmbedded(home);
  try {
    const args = ['--quiet', 'run', model, '--out', out, '--run-id', RUN, '--pairs', 'all'];
    const failure = await promisify(execFile)(process.execPath, [at('dist/cli/main.js'), ...args], { env }).then(
      () => null,
      ({ code, stderr }) => `the run ended with exit code ${code}: ${stderr.slice(-1000)}`
    );
    const connection = await Connection.connect({ address: embedded.server.address });
    const workflows = await workflowsOf(new Client({ connection }), `sae-match/${RUN}`);
    await connection.close();
    const [server, worker] = [embedded.server.pid, workerStatus(home)?.pid];
    const memory = { server: peakMemory(server), worker: peakMemory(worker) };
    const processor = { server: processorSeconds(server), worker: processorSeconds(worker) };
    const manifest = await findManifest(out, RUN);
    const pairs = manifest === null ? [] : await new RunResults(out, manifest).pairs();
    const result = { ...times(workflows[0], pairs), memory, processor, workflows };
    return { ...result, broken: [...(failure === null ? [] : [failure]), ...broken(workflows)] };
  } finally {
    await embedded.close();
  }
}

/** Of the time of the run what is not spent matching, had all cores matched all the time. */
function times({ seconds }, pairs) {
  const matching = pairs.reduce((sum, pair) => sum + (pair.seconds ?? 0), 0);
  const overhead = seconds - matching / availableParallelism();
  const each = (whole) => (1000 * whole) / Math.max(1, pairs.length);
  return { pairs: pairs.length, seconds, matching, msPerPair: each(seconds), overheadMsPerPair: each(overhead) };
}

function broken(workflows) {
  return workflows.flatMap((workflow) =>
    Object.entries(LIMITS)
      .filter(([name, limit]) => workflow[name] > limit)
      .map(([name, limit]) => `${workflow.id} has ${workflow[name]} ${name}, and is to have at most ${limit}`)
  );
}

/** Seconds for which a process has had a core; null when it is gone. */
function processorSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    // Fields 14 and 15 of proc(5), in ticks of which Linux has a hundred a second.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

/** Most bytes that a process has had in memory; null when it is gone. */
function peakMemory(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
  } catch {
    return null;
  }
}
