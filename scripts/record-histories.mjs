import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * Records the histories that test/integration/replay.test.ts replays: `node scripts/record-histories.mjs [scenario …]`
 * after `npm run build`. To be run when a workflow changes on purpose; the old histories are kept as long as runs that
 * were started with the old code may still be going on.
 */
const require = createRequire(import.meta.url);
const { Client, Connection } = require('@temporalio/client');
const { historyToJSON } = require('@temporalio/common/lib/proto-utils');
const { openHome } = require('../dist/infra/home.js');
const { describeRun, requestOf, startRun } = require('../dist/cli/runs.js');
const { openEmbedded, stopEmbedded } = require('../dist/infra/embedded.js');

const FOLDER = '/tmp/sae-match-histories';
const SAES = join(FOLDER, 'saes');
const WEBHOOK_PORT = 7397;
const env = {
  ...process.env,
  SAE_MATCH_HOME: join(FOLDER, 'home'),
  SAE_MATCH_WEBHOOK_URL: `http://127.0.0.1:${WEBHOOK_PORT}/`,
  SAE_MATCH_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}`,
};
const scenarios = {
  adjacent: () => run('adjacent', '--layers', '0-2'),
  'all-pairs': () => run('all-pairs', '--layers', '0-3', '--pairs', 'all'),
  partial: () => run('partial', '--layers', '3-6'),
  cancelled: async () => {
    const running = run('cancelled', '--layers', '0-3', '--pairs', 'all');
    await sleep(2500);
    await sae('cancel', 'cancelled');
    await running;
  },
  // Pairs cannot be stored for a while.
  'set-aside': async () => {
    const running = blocked('set-aside', '--layers', '0-2');
    await sleep(14_000);
    unblock('set-aside');
    await running;
  },
  // Pairs cannot be stored for a while, and folded layers are gone when they can be.
  repaired: async () => {
    const running = blocked('repaired', '--layers', '0-2');
    await sleep(14_000);
    rmSync(join(out('repaired'), 'artifacts/folded'), { recursive: true });
    unblock('repaired');
    await running;
  },
  'out-of-time': () => blocked('out-of-time', '--layers', '0-2', '--deadline', '15s'),
  // Layer 4 is broken in the run and layer 5 in the checkpoint before; layer 2 cannot be matched for a while.
  drift: async () => {
    const before = join(FOLDER, 'before');
    cpSync('examples/minilm-l6', before, { recursive: true });
    truncateSync(join(before, 'layer_5/width_1k/average_l0_33/params.npz'), 100_000);
    const running = blocked('drift', '--layers', '2,4,5', '--previous', before);
    await sleep(14_000);
    unblock('drift');
    await running;
  },
  // A layer cannot be compared for a while, and folded layers are gone when it can be.
  'drift-repaired': async () => {
    const before = join(FOLDER, 'before');
    cpSync('examples/minilm-l6', before, { recursive: true });
    const running = blocked('drift-repaired', '--layers', '2', '--previous', before);
    await sleep(14_000);
    rmSync(join(out('drift-repaired'), 'artifacts/folded'), { recursive: true });
    unblock('drift-repaired');
    await running;
  },
  // A run that is divided into blocks; no pair can be stored for a while, and folded layers are gone when they can be.
  blocks: async (client) => {
    await run('warm', '--layers', '0-1');
    const { spec, execution } = requestOf(await describeRun(client, 'warm'));
    mkdirSync(join(out('blocks'), 'artifacts'), { recursive: true });
    writeFileSync(join(out('blocks'), 'artifacts/matches'), '');
    const handle = await startRun(client, {
      runId: 'blocks',
      spec: { ...spec, out: out('blocks'), layers: [0, 1, 2, 3], pairs: 'all' },
      execution: { ...execution, pairsPerBlock: 2 },
    });
    await sleep(14_000);
    rmSync(join(out('blocks'), 'artifacts/folded'), { recursive: true });
    unblock('blocks');
    await handle.result();
  },
  evaluation: async () => {
    await run('evaluated', '--layers', '0-2');
    await sae('evaluate', 'evaluated', '--out', out('evaluated'));
  },
  // Three layers, all pairs, so that there are cycles and ways by the layer between.
  'evaluation-activations': async () => {
    await run('evaluated-all', '--layers', '0-2', '--pairs', 'all');
    const states = join(FOLDER, 'states');
    mkdirSync(states);
    for (const layer of [0, 1, 2]) writeFileSync(join(states, `layer_${layer}.npy`), hiddenStates(64, 384));
    await sae('evaluate', 'evaluated-all', '--out', out('evaluated-all'), '--activations', states);
  },
  // A judge that answers the first pairs of layers, then refuses; one layer has no descriptions that can be read.
  judgement: async () => {
    await run('judged', '--layers', '0-3', '--pairs', 'all');
    const explanations = join(FOLDER, 'explanations');
    cpSync('examples/minilm-l6/explanations', explanations, { recursive: true });
    truncateSync(join(explanations, 'layer_3.jsonl'), 100);
    let answers = 30;
    const message = { role: 'assistant', content: 'Label: 2' };
    const judge = createServer((_, response) => {
      if (answers-- > 0) response.end(JSON.stringify({ choices: [{ message }] }));
      else response.writeHead(401).end();
    });
    await new Promise((listening) => judge.listen(0, '127.0.0.1', listening));
    const endpoint = ['--endpoint', `http://127.0.0.1:${judge.address().port}/v1`, '--model', 'any', '--samples', '4'];
    await sae('judge', 'judged', '--out', out('judged'), '--descriptions', explanations, ...endpoint);
    judge.close();
  },
  'checkpoint-watch': () => watchCheckpoints(),
  // A run that has ended and drifted, which a webhook is told after it has refused once.
  notified: async (client) => {
    let refusals = 1;
    const receiver = createServer((_, response) => response.writeHead(refusals-- > 0 ? 503 : 204).end());
    await new Promise((listening) => receiver.listen(WEBHOOK_PORT, '127.0.0.1', listening));
    cpSync('examples/minilm-l6', join(FOLDER, 'previous'), { recursive: true });
    const options = ['--layers', '1-2', '--previous', join(FOLDER, 'previous'), '--notify', '--notify-drift', '0'];
    await run('notified', ...options, '--detach');
    await client.workflow.getHandle('sae-match/notified').result();
    await client.workflow.getHandle(await idOf(client, 'notify-run')).result();
    receiver.close();
  },
};

/** A look that starts two runs, once their files have settled. */
async function watchCheckpoints() {
  const live = join(FOLDER, 'live');
  mkdirSync(live);
  const options = ['--layers', '0-1', '--every', '1h', '--settle', '2s'];
  await sae('schedule', 'create', 'live', live, '--out', out('live'), ...options);
  for (const step of ['1000', '2000']) cpSync('examples/minilm-l6', join(live, step), { recursive: true });
  await sae('schedule', 'trigger', 'live');
  await sleep(15_000);
}

/** Workflows that a scenario starts beside that of its run, by the name of their history. */
const children = {
  drift: { 'drift-layers': 'drift/drift' },
  'drift-repaired': { 'drift-repaired-layers': 'drift-repaired/drift' },
  blocks: { 'blocks-pairs-0': 'blocks/pairs-0', 'blocks-compose': 'blocks/compose' },
  notified: { 'notify-run': null },
};

/** Types of the workflows whose ids are made of a time or of another id. */
const types = {
  evaluation: 'evaluateRun',
  'evaluation-activations': 'evaluateRun',
  judgement: 'judgeRun',
  'checkpoint-watch': 'checkpointWatch',
  'notify-run': 'notifyRun',
};

async function main() {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(scenarios);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  cpSync('examples/minilm-l6', SAES, { recursive: true });
  truncateSync(join(SAES, 'layer_4/width_1k/average_l0_32/params.npz'), 100_000);
  const home = openHome(env);
  const embedded = await openEmbedded(home);
  try {
    const client = new Client({ connection: await Connection.connect({ address: embedded.server.address }) });
    for (const name of wanted) {
      await scenarios[name](client);
      for (const [history, id] of Object.entries({ [name]: name, ...children[name] })) {
        await save(client, history, (await idOf(client, history)) ?? `sae-match/${id}`);
      }
    }
  } finally {
    await embedded.close();
    // A schedule leaves server and worker running.
    await stopEmbedded(home);
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

const run = (name, ...flags) => sae('run', SAES, '--out', out(name), '--run-id', name, ...flags);

/** A run of which no pair can be stored: there is a file where their folder should be. */
function blocked(name, ...flags) {
  mkdirSync(join(out(name), 'artifacts'), { recursive: true });
  writeFileSync(join(out(name), 'artifacts/matches'), '');
  return run(name, ...flags);
}

const unblock = (name) => rmSync(join(out(name), 'artifacts/matches'));

/** The last workflow of the type of a history; null where its id is known. */
async function idOf(client, history) {
  const type = types[history];
  if (type === undefined) return null;
  for (;;) {
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = '${type}'` })) return workflowId;
    // The server lists a workflow some time after it has begun.
    await sleep(200);
  }
}

async function save(client, name, workflowId) {
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
      if (key === 'name' && /^\d+@/.test(inner)) return [key, 'sticky'];
      return [key, withoutMachine(inner)];
    })
  );
}

/** A `.npy` of float32 `[tokens, elements]`. */
function hiddenStates(tokens, elements) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tokens}, ${elements}), }`.padEnd(117) + '\n';
  const prefix = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]);
  const values = Float32Array.from({ length: tokens * elements }, (_, n) => Math.sin(n));
  return Buffer.concat([prefix, Buffer.from(header), Buffer.from(values.buffer)]);
}

const out = (name) => join(FOLDER, name);

/** Runs the program; its exit code is of no interest here. */
function sae(...args) {
  return promisify(execFile)(process.execPath, ['dist/cli/main.js', '--quiet', ...args], { env }).catch(
    () => undefined
  );
}

await main();
