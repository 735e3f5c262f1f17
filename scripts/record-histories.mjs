import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Records the histories that test/integration/replay.test.ts replays: `node scripts/record-histories.mjs` after
 * `npm run build`. To be run when a workflow changes on purpose; the old histories are kept as long as runs that were
 * started with the old code may still be going on.
 */
const require = createRequire(import.meta.url);
const { Client, Connection } = require('@temporalio/client');
const { historyToJSON } = require('@temporalio/common/lib/proto-utils');
const { openHome } = require('../dist/infra/home.js');
const { openEmbedded } = require('../dist/infra/embedded.js');

const FOLDER = '/tmp/sae-match-histories';
const SAES = join(FOLDER, 'saes');
const env = { ...process.env, SAE_MATCH_HOME: join(FOLDER, 'home') };
const scenarios = {
  adjacent: ['--layers', '0-2'],
  'all-pairs': ['--layers', '0-3', '--pairs', 'all'],
  partial: ['--layers', '3-6'],
};

async function main() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  cpSync('examples/minilm-l6', SAES, { recursive: true });
  truncateSync(join(SAES, 'layer_4/width_1k/average_l0_32/params.npz'), 100_000);
  const home = openHome(env);
  const embedded = await openEmbedded(home);
  try {
    for (const [name, flags] of Object.entries(scenarios))
      await sae('run', SAES, '--out', out(), '--run-id', name, ...flags);
    await recordCancelled();
    const client = new Client({ connection: await Connection.connect({ address: embedded.server.address }) });
    for (const name of [...Object.keys(scenarios), 'cancelled']) await save(client, name);
  } finally {
    await embedded.close();
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

async function recordCancelled() {
  const run = sae('run', SAES, '--out', out('cancelled'), '--run-id', 'cancelled', '--layers', '0-3', '--pairs', 'all');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await sae('cancel', 'cancelled');
  await run;
}

async function save(client, name) {
  const workflowId = `sae-match/${name}`;
  const history = JSON.parse(historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory()));
  writeFileSync(`test/histories/${name}.json`, `${JSON.stringify(withoutMachine(history))}\n`);
  console.log(`${name}: ${history.events.length} events`);
}

/** Process names and stack traces say where a history was recorded and nothing about the workflow. */
function withoutMachine(value) {
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'identity' || key === 'stackTrace') return [key, ''];
      return [key, withoutMachine(inner)];
    })
  );
}

const out = (name = 'out') => join(FOLDER, name);

/** Runs the program; its exit code is of no interest here. */
function sae(...args) {
  return promisify(execFile)(process.execPath, ['dist/cli/main.js', '--quiet', ...args], { env }).catch(
    () => undefined
  );
}

await main();
