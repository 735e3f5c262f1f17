import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { readText, tablesBelow } from '../docs/markdown';
import { differencesFrom, documentedFields } from '../support/json-tables';
import type { DocumentedField } from '../support/json-tables';
import { float32Npy } from '../sae/zip-writer';
import { expectCode, startProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { randomSae, writeLayers } from '../support/random-sae';
import { residentProgram } from '../support/resident-program';

const home = createProgramHome();
const at = (...names: string[]): string => join(home.folder, ...names);
const runCommand = residentProgram();

/** What a command prints with `--json`. */
async function json(args: readonly string[], code = 0): Promise<unknown> {
  const finished = await runCommand([...args, '--json'], home.env);
  expectCode(finished, code);
  return JSON.parse(finished.stdout);
}

const expectDocumented = (heading: string, value: unknown): void => {
  expect({ heading, differences: differencesFrom(documentedFields(heading), value) }).toEqual({
    heading,
    differences: [],
  });
};

const SELECTION = ['--pairs', 'all', '--parallel', '4'];
let events: readonly { readonly event: string }[];
let running: unknown;

beforeAll(async () => {
  const layers = Array.from({ length: 8 }, (_, layer) => randomSae(layer + 1, 64));
  writeLayers(at('saes'), layers);
  writeLayers(at('before'), layers.slice(2).concat(layers.slice(0, 2)));
  // A layer that cannot be read fails its pairs.
  writeLayers(at('broken'), layers.slice(0, 2));
  mkdirSync(at('broken/layer_2'));
  writeFileSync(at('broken/layer_2/params.npz'), 'no archive');
  // No pair can be stored until this is gone.
  const obstacle = at('out/artifacts/matches');
  mkdirSync(dirname(obstacle), { recursive: true });
  writeFileSync(obstacle, '');
  const start = ['run', at('saes'), '--out', at('out'), '--run-id', 'good', '--previous', at('before'), ...SELECTION];
  expectCode(await runCommand([...start, '--detach'], home.env), 0);
  const watch = startProgram(['watch', 'good', '--out', at('out'), '--json', '--every', '0s'], home.env);
  running = await json(['status', 'good', '--out', at('out')]);
  while (watch.isRunning() && !watch.printed().includes('"fault"')) await sleep(50);
  rmSync(obstacle);
  const { stdout, ...ended } = await watch.finished;
  expectCode({ stdout, ...ended }, 0);
  events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string });
}, 240_000);

afterAll(() => home.remove());

describe('docs/json-output.md says what is printed by', () => {
  it('watch, line by line', () => {
    const shared = documentedFields('watch');
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['progress', 'fault', 'end']));
    for (const event of events) expectLine(shared, event);
    // None of what is compared was left out.
    const told = JSON.stringify(events);
    for (const part of ['"state":"done"', '"pools":["workflow"', '"step":"match"', '"drift":{"total":8']) {
      expect(told).toContain(part);
    }
  });

  it('status, of a run that goes on, is done, or failed in part', async () => {
    expectDocumented('status', running);
    expectDocumented('status', await json(['status', 'good', '--out', at('out')]));
  });

  it('list, of runs that the server knows and those of a folder', async () => {
    expectDocumented('list', await json(['list', '--out', at('out')]));
    expectDocumented('list', await json(['list', '--out', at('nowhere')]));
  });

  it('run, with and without failures', async () => {
    const again = ['run', at('saes'), '--out', at('out'), '--run-id', 'good', '--previous', at('before'), ...SELECTION];
    expectDocumented('run and resume', await json(again));
    const bad = await json(['run', at('broken'), '--out', at('bad2'), '--run-id', 'bad2', '--pairs', 'all'], 3);
    expect(bad).toMatchObject({ state: 'partial', failures: [{ layers: [2] }] });
    expectDocumented('run and resume', bad);
    expectDocumented('status', await json(['status', 'bad2', '--out', at('bad2')], 3));
  });

  it('plan, of what is there and what is not', async () => {
    const plan = ['plan', at('saes'), '--out', at('out')];
    expectDocumented('plan', await json([...plan, '--previous', at('before'), ...SELECTION]));
    expectDocumented('plan', await json([...plan, '--weights', 'all']));
    expectDocumented('plan', await json(['plan', at('broken'), '--out', at('bad2')]));
  });

  it('pair, chains, verify and gc', async () => {
    const pair = (await json(['pair', `${at('saes')}#0`, `${at('saes')}#1`, '--out', at('pair')])) as object;
    const [columns] = tablesBelow(readText('docs/output-tables.md'), '`pairs.parquet`');
    expect(Object.keys(pair).sort()).toEqual(
      columns!
        .slice(1)
        .flatMap(([names]) => names!.split(', '))
        .sort()
    );
    expectDocumented('chains', await json(['chains', 'good', '--out', at('out')]));
    expectDocumented('verify', await json(['verify', at('out/runs/good')]));
    expectDocumented('verify', await json(['verify', at('pair')]));
    expectDocumented('gc', await json(['gc', '--out', at('out'), '--older-than', '0s', '--dry-run']));
  });

  it('evaluate, with hidden states and without', async () => {
    const run = ['run', at('saes'), '--out', at('evaluated'), '--run-id', 'evaluated', '--layers', '0-1'];
    expectCode(await runCommand(run, home.env), 0);
    const evaluate = ['evaluate', 'evaluated', '--out', at('evaluated')];
    expectDocumented('evaluate', await json(evaluate));
    mkdirSync(at('states'));
    const values = Array.from({ length: 8 * 5 }, (_, n) => Math.sin(n));
    for (const layer of [0, 1]) writeFileSync(at('states', `layer_${layer}.npy`), float32Npy([5, 8], values));
    const evaluated = await json([...evaluate, '--activations', at('states')]);
    expectDocumented('evaluate', evaluated);
    expect(evaluated).toMatchObject({ scores: [{ tokens: 5, documents: 1 }, {}, {}, {}, {}, {}, {}] });
  });

  it('export, of a run and a pair', async () => {
    for (const format of ['json', 'npy', 'graphml', 'groups', 'splice'])
      expectDocumented(
        'export',
        await json(['export', at('out/runs/good'), '--to', format, '--output', at(`export-${format}`)])
      );
    expectDocumented('export', await json(['export', at('pair'), '--to', 'npy', '--output', at('export-pair')]));
  });

  it('inspect, of one SAE and of several', async () => {
    expectDocumented('inspect', await json(['inspect', `${at('saes')}#0`]));
    expectDocumented('inspect: source', await json(['inspect', at('saes')]));
    expectDocumented('inspect: source', await json(['inspect', at('broken')], 1));
  });

  it('schedule list, schedule show and doctor', async () => {
    const checkpoints = at('checkpoints');
    writeLayers(join(checkpoints, '1000'), [randomSae(1), randomSae(2)]);
    expectCode(await runCommand(['schedule', 'create', 'live', checkpoints, '--out', at('scheduled')], home.env), 0);
    expectDocumented('schedule list', await json(['schedule', 'list']));
    expectDocumented('schedule show', await json(['schedule', 'show', 'live']));
    expectDocumented('doctor', await json(['doctor', '--out', at('out')]));
  });
});

it('tells a field that is missing, of another type, or not documented', () => {
  const fields = [
    { path: 'a', type: 'integer or null', isOptional: false },
    { path: 'b', type: 'array', isOptional: false },
    { path: 'b[]', type: 'object', isOptional: false },
    { path: 'b[].c', type: 'one of x, y', isOptional: false },
    { path: 'd', type: 'string', isOptional: true },
  ];
  expect(differencesFrom(fields, { a: null, b: [{ c: 'x' }] })).toEqual([]);
  expect(differencesFrom(fields, { a: 1.5, b: [{ c: 'z', e: 1 }, {}], d: 's' })).toEqual([
    'a is 1.5, documented as integer or null',
    'b[].c is "z", documented as one of x, y',
    'b[].e is not documented',
    'b[].c is missing',
  ]);
  expect(differencesFrom(fields, {})).toEqual(['a is missing', 'b is missing']);
});

function expectLine(shared: readonly DocumentedField[], event: { readonly event: string }): void {
  const fields = [...shared, ...documentedFields(`watch: ${event.event}`)];
  expect({ event, differences: differencesFrom(fields, event) }).toEqual({ event, differences: [] });
}
