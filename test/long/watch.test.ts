import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expectCode, PROGRAM, runProgram, startProgram, withoutServer } from '../support/program';
import type { Finished } from '../support/program';
import { crash, createProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';
import { residentProgram } from '../support/resident-program';
import { writeSmallModel } from '../support/small-model';
import { closeTerminals, startOnTerminal } from '../support/terminal';

const LAYERS = 6;
const PAIRS = (LAYERS * (LAYERS - 1)) / 2;
const SIZE = { columns: 80, rows: 24 };

const home = createProgramHome();
const at = (name: string): string => join(home.folder, name);
const run = (...args: string[]): Promise<Finished> => runProgram(args, home.env);
const runCommand = residentProgram();
/** For commands that only look. */
const ask = (...args: string[]): Promise<Finished> => runCommand(args, home.env);
/** Every run has an output folder of its own, so that none finds the pairs of another. */
const start = async (runId: string, saes = 'saes'): Promise<void> => {
  const flags = ['--out', at(runId), '--pairs', 'all', '--run-id', runId, '--detach'];
  expectCode(await run('run', at(saes), ...flags), 0);
};

beforeAll(async () => {
  // Pairs that take about a second each, on a machine that does nothing else.
  await writeSmallModel(at('saes'), LAYERS, 1000);
  writeLayers(
    at('many'),
    Array.from({ length: 24 }, (_, layer) => randomSae(layer + 1))
  );
}, 60_000);

afterAll(async () => {
  await closeTerminals();
  await home.remove();
});

it('shows a real run on a terminal: pairs change their state, a killed worker is told as a fault, the end is exact', async () => {
  await start('live');
  const terminal = startOnTerminal(['watch', 'live', '--out', at('live')], home.env, SIZE);
  await terminal.shows(/^run live {2}matching/m);
  await terminal.shows(/▶ at work \d/);
  const first = await terminal.shows(/█ done [1-9]/);
  expect(first.length).toBeLessThanOrEqual(SIZE.rows);
  expect(first.join('\n')).toMatch(/^0 ([█▶·] ?){5}$/m);
  expect(first.join('\n')).toMatch(/^ \d+@\S+ {2}\S/m);

  await terminal.shows(/▶ at work/);
  const worker = home.processes().worker!;
  expect(await crash(worker)).toBe(true);
  const hurt = await terminal.shows(/no heartbeat: the worker was lost/);
  expect(hurt.join('\n')).toMatch(/^ \d\d:\d\d:\d\d match (\d:\d, )*\d:\d attempt 2: no heartbeat/m);

  expect(await terminal.ended).toBe(0);
  const end = await terminal.all();
  expect(end.join('\n')).toMatch(new RegExp(`█ done ${PAIRS}\n`));
  expect(end.join('\n')).toContain(`run live done: ${PAIRS} of ${PAIRS} pairs`);
  // What was drawn on the way has not been left behind.
  expect(end.filter((line) => line.startsWith('run live'))).toHaveLength(2);
  expect(await terminal.cursor()).toMatchObject({ x: 0, isVisible: true });
  expect(terminal.written()).not.toMatch(/\u001b\[\?(?!25[hl])/);
}, 240_000);

it('redraws in few bytes, survives a terminal that becomes narrow, and leaves a cursor and the run when it is ended', async () => {
  await start('narrow');
  const watch = (): ReturnType<typeof startOnTerminal> =>
    startOnTerminal(['watch', 'narrow', '--out', at('narrow')], { ...home.env, NO_COLOR: '1' }, SIZE);
  const terminal = watch();
  await terminal.shows(/▶ at work/);
  const frame = (await terminal.screen()).join('\n').length;
  const before = terminal.written().length;
  await sleep(3000);
  const redraws = terminal.written().slice(before);
  // A frame drawn anew each time would be more than this.
  expect(redraws.length).toBeLessThan(0.75 * (redraws.split('\u001b[?25l').length - 1) * frame);
  expect(terminal.written()).not.toMatch(/\u001b\[[\d;]*m/);

  terminal.resize(40, 14);
  await terminal.shows(/^\[.*\] {2}\d+%.*$/m);
  await sleep(1200);
  const narrow = (await terminal.screen()).join('\n');
  expect(narrow.match(/^run narrow/gm)).toHaveLength(1);
  expect(narrow).toMatch(/^0 /m);
  terminal.resize(120, 24);
  // As wide as lines get.
  await terminal.shows(/^run narrow {2}\w.{70,85}\d( s)?$/m);

  const killed = watch();
  await killed.shows(/^run narrow/m);
  await killed.kill('SIGKILL');
  expect(await killed.ended).toBe(128 + 9);
  expect(await killed.cursor()).toMatchObject({ x: 0, isVisible: true });

  terminal.type('\u0003');
  expect(await terminal.ended).toBe(130);
  expect(await terminal.cursor()).toMatchObject({ x: 0, isVisible: true });
  expect((await terminal.all()).join('\n')).toMatch(/^left; /m);
  const status = JSON.parse((await run('status', 'narrow', '--json')).stdout) as { state: string };
  expect(status.state).toMatch(/running|done/);
}, 240_000);

it('prints lines where it is no terminal, and on one that can do no more', async () => {
  await start('plain');
  const dumb = startOnTerminal(['watch', 'plain', '--out', at('plain')], { ...home.env, TERM: 'dumb' }, SIZE);
  const watch = startProgram(['watch', 'plain', '--out', at('plain'), '--every', '1s'], home.env);
  const { code, stdout } = await watch.finished;
  expect(code).toBe(0);
  expect(stdout).not.toContain('\u001b');
  const lines = stdout.trimEnd().split('\n');
  expect(lines.pop()).toMatch(new RegExp(`^run plain done: ${PAIRS} of ${PAIRS} pairs`));
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}\S/);
  expect(new Set(lines.map((line) => line.slice(22))).size).toBe(lines.length);
  expect(await dumb.ended).toBe(0);
  expect(dumb.written()).not.toContain('\u001b');
  const silent = await run('--quiet', 'watch', 'plain', '--out', at('plain'));
  expect(silent.stdout).toMatch(/^run plain done: .*\n$/);
}, 240_000);

it('adds up to the end as a stream of JSON, also in blocks', async () => {
  await start('stream', 'many');
  const watch = startProgram(['watch', 'stream', '--out', at('stream'), '--json', '--every', '0s'], home.env);
  const { code, stdout } = await watch.finished;
  expect(code).toBe(0);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; run_id: string; changed?: Change[]; state?: string });
  expect(new Set(events.map(({ run_id }) => run_id))).toEqual(new Set(['stream']));
  expect(events.at(-1)).toMatchObject({ event: 'end', state: 'done', exit_code: 0, message: null });
  const states = new Map<string, string>();
  for (const { changed = [] } of events)
    for (const { source, target, state } of changed) states.set(`${source}:${target}`, state);
  expect(states.size).toBe((24 * 23) / 2);
  expect(new Set(states.values())).toEqual(new Set(['done']));
}, 240_000);

it('ends when nobody reads its lines any more', async () => {
  await start('unread');
  const program = [process.execPath, PROGRAM, 'watch', 'unread', '--out', at('unread'), '--json', '--every', '0s'];
  const piped = `"$@" | head -n 1 > /dev/null; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', piped, 'bash', ...program], {
    encoding: 'utf8',
    env: { ...withoutServer(process.env), ...home.env },
  });
  // By then the run may have ended by itself.
  expect(stdout).toMatch(/^(130|0)\n$/);
  expect(stderr).not.toMatch(/EPIPE| at /);
}, 240_000);

it('lists what is asked for, which the server decides where it can', async () => {
  const list = async (...flags: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await ask('list', '--json', '--out', at('nowhere'), ...flags);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return (JSON.parse(stdout) as { run_id: string }[]).map(({ run_id }) => run_id);
  };
  const all = await list();
  expect(all).toEqual(['unread', 'stream', 'plain', 'narrow', 'live']);
  expect(await list('--limit', '2')).toEqual(all.slice(0, 2));
  expect(await list('l')).toEqual(['live']);
  expect(await list('--source', 'many')).toEqual(['stream']);
  expect(await list('--state', 'done', 'plain')).toEqual(['plain']);
  expect(await list('--state', 'failed,partial')).toEqual([]);
  expect(await list('--since', '1h')).toEqual(all);
  expect(await list('--since', '2999-01-01')).toEqual([]);
  expect((await ask('list', '--state', 'lost')).code).toBe(2);
}, 120_000);

interface Change {
  readonly source: number;
  readonly target: number;
  readonly state: string;
}
