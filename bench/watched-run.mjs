import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from '../scripts/lib/failure.mjs';
import { at, root } from '../scripts/lib/paths.mjs';

const require = createRequire(import.meta.url);
const { stopEmbedded } = require('../dist/infra/embedded.js');
const { openHome } = require('../dist/infra/home.js');
const { workerStatus } = require('../dist/infra/worker-process.js');

/** A pair takes longer than this. */
const LOOK_MS = 50;

/**
 * Runs `sae-match run --pairs all` on a model with a server and a worker of its own, and looks at the worker's metrics
 * whenever further pairs are done.
 *
 * @returns numbers of pairs done, ascending, and resident bytes of the worker then
 */
export async function watchedRun(model, folder) {
  const env = { ...withoutServer(process.env), SAE_MATCH_HOME: join(folder, 'home') };
  const home = openHome(env);
  const args = ['--quiet', 'run', model, '--pairs', 'all', '--out', join(folder, 'out')];
  const child = spawn(process.execPath, [at('dist/cli/main.js'), ...args], {
    ...{ cwd: root, env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const samples = [];
  let running = true;
  void ended.then(() => (running = false));
  const workers = new Set();
  while (running) {
    const worker = workerStatus(home);
    const sample = worker && (await look(worker));
    if (sample !== undefined && sample.pairs > (samples.at(-1)?.pairs ?? 0)) {
      workers.add(worker.pid);
      samples.push(sample);
    }
    await sleep(LOOK_MS);
  }
  await stopEmbedded(home);
  const code = await ended;
  if (code !== 0) throw new Failure(`sae-match: the run ended with exit code ${code}.`);
  if (workers.size !== 1) throw new Failure(`sae-match: ${workers.size} workers took part, and one was to be watched.`);
  return samples;
}

/** Pairs done and resident bytes as the worker's metrics have them; nothing while it starts or ends. */
async function look({ logFile }) {
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  const address = [...log.matchAll(/"metrics":"(http:[^"]+)"/g)].at(-1)?.[1];
  if (address === undefined) return undefined;
  try {
    const text = await (await fetch(address)).text();
    const value = (pattern) => Number(pattern.exec(text)?.[1] ?? 0);
    return {
      pairs: value(/^sae_match_pairs_total\{outcome="done"\} (\d+)/m),
      rss: value(/^process_resident_memory_bytes (\d+)/m),
    };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function withoutServer(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
