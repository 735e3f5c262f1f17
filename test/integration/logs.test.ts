import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ensureServer } from '../../infra/temporal/embedded-server';
import { LOG_FIELDS } from '../../workers/log/log-fields';
import type { FieldType, LogRecord } from '../../workers/log/log-fields';
import { readText } from '../docs/markdown';
import { expectCode, runProgram, startProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { writeSmallModel } from '../support/small-model';
import { logLines, workerReady } from '../support/worker-log';

/** The run of the examples in docs/logs.md. */
const MISSING = '3f9a0c1b2d4e';
/** Fields that no line of this test has: nothing unexpected happens, nothing is traced, and the SDK says nothing else. */
const NOT_HERE = ['error_stack', 'trace_id', 'span_id', 'details'];

const home = createProgramHome();
const log = join(home.folder, 'worker.log');
let lines: LogRecord[];

beforeAll(async () => {
  const { address } = await ensureServer(home.home);
  const server = ['--address', address];
  const worker = startProgram(['worker', ...server, '--metrics', '127.0.0.1:0', '--log-level', 'debug'], home.env);
  await workerReady(worker);
  const model = join(home.folder, 'model');
  await writeSmallModel(model, 5, 64);
  const run = (out: string, ...flags: string[]) =>
    runProgram(['run', model, '--out', join(home.folder, out), ...server, ...flags], home.env);
  expectCode(await run('out', '--run-id', 'complete'), 0);
  // Where matches belong there is a file: none can be stored, whoever tries.
  mkdirSync(join(home.folder, 'blocked/artifacts'), { recursive: true });
  writeFileSync(join(home.folder, 'blocked/artifacts/matches'), '');
  expectCode(await run('blocked', '--run-id', MISSING, '--deadline', '1s'), 1);
  await lookOfSchedule(address);
  worker.kill('SIGTERM');
  expectCode(await worker.finished, 0);
  writeFileSync(log, worker.said());
  lines = logLines(worker.said());
}, 300_000);
afterAll(() => home.remove());

/** A look of a schedule that is recorded nowhere. */
async function lookOfSchedule(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const schedule = { name: 'nightly', out: join(home.folder, 'out') };
  const execution = { memoryBudget: null, heartbeatSeconds: 6, taskQueue: 'sae-match', maxConcurrentPairs: 1 };
  const look = new Client({ connection }).workflow.execute('checkpointWatch', {
    workflowId: 'sae-match-schedule/nightly-2026-11-27T12:00:00Z',
    taskQueue: 'sae-match',
    args: [{ schedule, settleSeconds: null, execution }],
  });
  await expect(look).rejects.toThrow();
  await connection.close();
}

const those = (...having: [field: keyof LogRecord, value: unknown][]): LogRecord[] =>
  lines.filter((line) => having.every(([field, value]) => line[field] === value));

it('every line has fields of the documented list alone, in the documented types, and all of the list occur', () => {
  const known: Readonly<Record<string, FieldType>> = LOG_FIELDS;
  const wrong = lines.flatMap((line) =>
    Object.entries(line).flatMap(([field, value]) =>
      isOfType(value, known[field]) ? [] : [`${field}: ${JSON.stringify(value)}`]
    )
  );
  expect(wrong).toEqual([]);
  const seen = new Set(lines.flatMap((line) => Object.keys(line)));
  expect(Object.keys(known).filter((field) => !seen.has(field))).toEqual(NOT_HERE);
});

function isOfType(value: unknown, type: FieldType | undefined): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'string[]') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  return typeof value === type && value !== null;
}

it('every line of a workflow or an activity says which run or schedule it belongs to, whoever writes it', () => {
  const belonging = lines.filter(({ workflow_id }) => workflow_id !== undefined);
  expect(belonging.length).toBeGreaterThan(50);
  const unknown = belonging.filter(({ run_id, schedule, workflow, workflow_run_id, pool }) => {
    const subject = run_id ?? schedule;
    return [subject, workflow, workflow_run_id, pool].some((value) => typeof value !== 'string');
  });
  expect(unknown).toEqual([]);
  const others = lines.filter(({ component }) => component === 'activity' || component === 'workflow');
  expect(others.filter(({ workflow_id }) => workflow_id === undefined)).toEqual([]);
  expect(new Set(belonging.map(({ run_id, schedule }) => run_id ?? schedule))).toEqual(
    new Set(['complete', MISSING, 'nightly'])
  );
});

it('every line of an attempt has its layers, and the device that it matches on', () => {
  const matches = those(['activity', 'matchLayers']);
  const folds = those(['activity', 'foldLayer']);
  expect(matches.length).toBeGreaterThanOrEqual(2 * 2 * 4);
  for (const { activity_id, attempt, source_layer, target_layer, device } of matches) {
    expect([typeof activity_id, attempt]).toEqual(['string', 1]);
    // So small a pair leaves the processor's kernels for plain JavaScript.
    expect(['cpu', 'javascript']).toContain(device);
    expect(target_layer).toBe((source_layer as number) + 1);
  }
  expect(new Set(folds.map(({ layer }) => layer))).toEqual(new Set([0, 1, 2, 3, 4]));
});

it('each attempt ends with one line that says what came of it', () => {
  const ended = (run: string, activity: string, message: string): number =>
    those(['run_id', run], ['activity', activity], ['message', message]).length;
  const counts = ['resolveRun', 'foldLayer', 'matchLayers', 'buildChains', 'publishRun'].map((activity) =>
    ended('complete', activity, 'activity done')
  );
  expect(counts).toEqual([1, 5, 4, 1, 1]);
  expect(ended(MISSING, 'matchLayers', 'activity failed')).toBe(4);
  const [pair] = those(['run_id', 'complete'], ['message', 'activity done'], ['source_layer', 3]);
  expect(pair).toMatchObject({ level: 'info', target_layer: 4, cached: false, matched: 64, fallbacks: 0 });
});

it('what is missing in the end is an error, what led to it a warning, and all else neither', () => {
  const trouble = (level: string): string[] =>
    [...new Set(those(['run_id', MISSING], ['level', level]).map(({ message }) => String(message)))].sort();
  expect(trouble('warn')).toEqual(expect.arrayContaining(['activity failed', 'match set aside']));
  expect(trouble('error')).toEqual(['match failed']);
  const failed = those(['run_id', MISSING], ['message', 'match failed']);
  expect(failed.map(({ source_layer: a, target_layer: b }) => `${String(a)}:${String(b)}`).sort()).toEqual([
    '0:1',
    '1:2',
    '2:3',
    '3:4',
  ]);
  for (const { error, error_type } of failed) {
    expect(error_type).toBe('EnvironmentError');
    expect(error).toContain(join(home.folder, 'blocked'));
  }
  const calm = those(['run_id', 'complete']).filter(({ level }) => level === 'warn' || level === 'error');
  expect(calm).toEqual([]);
});

it('a look of a schedule that fails is an error of that schedule', () => {
  const [look, ...more] = those(['schedule', 'nightly'], ['level', 'error']);
  expect([look?.message, look?.error_type, more]).toEqual(['look failed', 'InputError', []]);
});

it('runs say when they begin and how they end', () => {
  const state = (run: string): unknown[] => those(['run_id', run], ['message', 'run ended']).map((line) => line.state);
  expect([state('complete'), state(MISSING)]).toEqual([['done'], ['failed']]);
  expect(those(['message', 'run started'])).toHaveLength(2);
});

const withJq = spawnSync('jq', ['--version']).status === 0 ? it : it.skip;
const examples = [...readText('docs/logs.md').matchAll(/```sh\n(jq .+?)```/gs)].map(([, example]) => example!);

withJq.each(examples)('the example %j of the page about logs finds something', (example) => {
  const answer = execFileSync('sh', ['-ec', example], { cwd: home.folder, encoding: 'utf8' });
  expect(
    answer
      .trim()
      .split('\n')
      .filter((line) => line !== '').length
  ).toBeGreaterThan(0);
});
