import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ensureServer } from '../../infra/temporal/embedded-server';
import type { LogRecord } from '../../workers/log/log-fields';
import { startCollector } from '../support/otlp-collector';
import type { Collector, ReceivedSpan } from '../support/otlp-collector';
import { expectCode, runProgram, startProgram } from '../support/program';
import type { Command } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { writeSmallModel } from '../support/small-model';
import { logLines, workerReady } from '../support/worker-log';

const LAYERS = 4;
const PLANTED = 'planted-collector-key-71ac';

const home = createProgramHome();
const model = join(home.folder, 'model');
let collector: Collector;
let address: string;
let spans: ReceivedSpan[];
let lines: LogRecord[];
let said: string;

beforeAll(async () => {
  collector = await startCollector();
  ({ address } = await ensureServer(home.home));
  await writeSmallModel(model, LAYERS, 64);
  const env = {
    ...{ ...home.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
    ...{ OTEL_EXPORTER_OTLP_HEADERS: `authorization=${PLANTED}`, OTEL_RESOURCE_ATTRIBUTES: 'service.name=renamed' },
  };
  const worker = await startWorker(env);
  expectCode(await run(env, 'out', '--run-id', 'traced', '--pairs', 'all'), 0);
  // Where matches belong there is a file: none can be stored.
  mkdirSync(join(home.folder, 'blocked/artifacts'), { recursive: true });
  writeFileSync(join(home.folder, 'blocked/artifacts/matches'), '');
  expectCode(await run(env, 'blocked', '--run-id', 'blocked', '--deadline', '1s'), 1);
  await end(worker);
  said = worker.said();
  lines = logLines(said);
  spans = collector.spans();
}, 300_000);
afterAll(async () => {
  await collector.close();
  await home.remove();
});

async function startWorker(env: Readonly<Record<string, string>>): Promise<Command> {
  const worker = startProgram(
    ['worker', '--address', address, '--metrics', '127.0.0.1:0', '--log-level', 'debug'],
    env
  );
  await workerReady(worker);
  return worker;
}

async function end(worker: Command): Promise<void> {
  worker.kill('SIGTERM');
  expectCode(await worker.finished, 0);
}

const run = (env: Readonly<Record<string, string>>, out: string, ...flags: string[]) =>
  runProgram(['run', model, '--out', join(home.folder, out), '--address', address, ...flags], env);

const ofRun = (run: string): ReceivedSpan[] => {
  const { traceId } = spans.find(({ attributes }) => attributes.run_id === run)!;
  return spans.filter((span) => span.traceId === traceId);
};
const childrenOf = (parent: ReceivedSpan): ReceivedSpan[] => spans.filter(({ parentId }) => parentId === parent.spanId);

it.each(['traced', 'blocked'])('the run %s is one trace with one root, of which every span has its parent', (name) => {
  const trace = ofRun(name);
  const ids = new Set(trace.map(({ spanId }) => spanId));
  expect(ids.size).toBe(trace.length);
  expect(trace.filter(({ parentId }) => parentId === null).map((span) => span.name)).toEqual([
    'RunWorkflow:modelMatch',
  ]);
  expect(trace.filter(({ parentId }) => parentId !== null && !ids.has(parentId))).toEqual([]);
  expect(new Set(trace.map(({ service }) => service))).toEqual(new Set(['renamed']));
});

it('below the workflow of a run are the command that started it, its activities, and the workflows that it starts', () => {
  const root = ofRun('traced').find(({ parentId }) => parentId === null)!;
  const counts: Record<string, number> = {};
  for (const { name } of childrenOf(root)) counts[name] = (counts[name] ?? 0) + 1;
  expect(counts).toEqual({
    'StartWorkflow:modelMatch': 1,
    'RunActivity:resolveRun': 1,
    'RunActivity:foldLayer': LAYERS,
    'RunActivity:matchLayers': (LAYERS * (LAYERS - 1)) / 2,
    'RunWorkflow:composeChains': 1,
    'RunActivity:publishRun': 1,
  });
  const compose = childrenOf(root).find(({ name }) => name === 'RunWorkflow:composeChains')!;
  const composed = childrenOf(compose).map(({ name }) => name);
  expect(composed.filter((name) => name === 'RunActivity:buildChains')).toHaveLength(1);
  expect(composed.filter((name) => name === 'RunActivity:compareLayer').length).toBeGreaterThan(0);
});

it('below an activity are its phases, within its time and one after the other', () => {
  const attempts = ofRun('traced').filter(({ name }) => /^RunActivity:(foldLayer|matchLayers)$/.test(name));
  expect(attempts.length).toBeGreaterThan(LAYERS);
  for (const attempt of attempts) {
    const phases = childrenOf(attempt).sort((a, b) => (a.start < b.start ? -1 : 1));
    const names = phases.map(({ name }) => name);
    const expected = attempt.name.endsWith('foldLayer')
      ? ['reading', 'folding', 'writing']
      : ['reading', 'candidates', 'assignment', 'reporting', 'writing'];
    expect(names).toEqual(expect.arrayContaining(expected));
    expect([names[0], names.at(-1)]).toEqual(['reading', 'writing']);
    for (const [index, { start, end: last }] of phases.entries()) {
      expect(start >= (phases[index - 1]?.end ?? attempt.start)).toBe(true);
      expect(last >= start && last <= attempt.end).toBe(true);
    }
  }
});

it('spans say under the names of the log what they are about and what came of it', () => {
  const pair = ofRun('traced').find(
    ({ attributes }) =>
      attributes.source_layer === 1 && attributes.target_layer === 3 && attributes.activity === 'matchLayers'
  )!;
  expect(pair.attributes).toMatchObject({
    ...{ run_id: 'traced', workflow: 'modelMatch', workflow_id: 'sae-match/traced', attempt: 1 },
    ...{ outcome: 'done', cached: false, matched: 64, fallbacks: 0 },
  });
  const line = lines.find(({ span_id, message }) => span_id === pair.spanId && message === 'activity done')!;
  expect(line).toMatchObject({ run_id: 'traced', trace_id: pair.traceId, source_layer: 1, target_layer: 3 });
  const attempts = lines.filter(({ message }) => /^activity (started|done|failed)$/.test(String(message)));
  expect(attempts.filter(({ trace_id }) => trace_id === undefined)).toEqual([]);
});

it('what failed is an error in its trace, with the reason', () => {
  const failed = ofRun('blocked').filter(({ isError }) => isError);
  expect(failed.map(({ name }) => name)).toEqual(new Array(LAYERS - 1).fill('RunActivity:matchLayers'));
  for (const { attributes } of failed)
    expect(attributes).toMatchObject({ outcome: 'failed', error_type: 'EnvironmentError' });
  expect(ofRun('traced').filter(({ isError }) => isError)).toEqual([]);
});

it('the headers that are configured are sent, and told to nobody', () => {
  expect(collector.requests.length).toBeGreaterThan(0);
  for (const { authorization } of collector.requests) expect(authorization).toBe(PLANTED);
  expect(said).not.toContain(PLANTED);
});

it('nothing of a trace is in a history', async () => {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  for (const id of ['sae-match/traced', 'sae-match/traced/compose']) {
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    const started = events!.map((event) => Object.values(event as object).find(hasHeader) as unknown);
    expect(started.filter((part) => part !== undefined)).toEqual([]);
    expect(JSON.stringify(events)).not.toContain(ofRun('traced')[0]!.traceId);
  }
  await connection.close();
});

function hasHeader(attributes: unknown): boolean {
  if (typeof attributes !== 'object' || attributes === null || !('header' in attributes)) return false;
  const { header } = attributes as { header?: { fields?: object } | null };
  return Object.keys(header?.fields ?? {}).length > 0;
}

/** Carries out a run on a worker of its own; returns the names of the modules that this has loaded, and its log. */
async function runOnce(
  id: string,
  env: Readonly<Record<string, string>>
): Promise<{ modules: string; log: LogRecord[] }> {
  const modules = join(home.folder, `${id}.txt`);
  const hook = resolve(__dirname, 'support/list-modules.cjs');
  const own = { ...home.env, ...env, SAE_MATCH_TASK_QUEUE: id };
  const worker = await startWorker({ ...own, NODE_OPTIONS: `--require=${hook}`, LIST_MODULES: modules });
  expectCode(await run(own, id, '--run-id', id), 0);
  await end(worker);
  return { modules: readFileSync(modules, 'utf8'), log: logLines(worker.said()) };
}

const warnings = (log: readonly LogRecord[]): unknown[] =>
  log.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message);

it('without an endpoint nothing is traced, and nothing that traces is loaded', async () => {
  const before = collector.requests.length;
  const { modules, log } = await runOnce('off', {});
  expect(modules).toContain('@temporalio/worker');
  expect(modules).not.toMatch(/@opentelemetry\/(?!api\/)/);
  expect(log.filter(({ trace_id }) => trace_id !== undefined)).toEqual([]);
  expect([collector.requests.length, warnings(log)]).toEqual([before, []]);
}, 300_000);

it('a collector that does not answer costs a run nothing, and is told once', async () => {
  const { modules, log } = await runOnce('deaf', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  expect(modules).toMatch(/@opentelemetry\/sdk-trace/);
  expect(warnings(log)).toEqual(['traces are lost']);
}, 300_000);
