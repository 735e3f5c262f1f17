import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { METHODS } from '../../matching/evaluation/methods';
import type { MethodRow } from '../../artifacts/tables/methods';
import { EXAMPLES, runPython } from '../examples/support/python';
import { expectCode, runProgram, startProgram } from '../support/program';
import { crash, createProgramHome } from '../support/program-home';
import { residentProgram } from '../support/resident-program';
import { writeSmallModel } from '../support/small-model';

const LAYERS = 3;
const FEATURES = 120;
const PAIRS = ['0:1', '0:2', '1:2'];

const home = createProgramHome();
const saes = join(home.folder, 'saes');
const out = join(home.folder, 'out');
const runCommand = residentProgram();
const table = (run: string): Buffer => readFileSync(join(out, 'runs', run, 'evaluation/methods.parquet'));

interface Evaluated {
  readonly state: string;
  readonly methods: readonly MethodRow[];
}

let folded: Evaluated;

async function evaluate(run: string, ...flags: string[]): Promise<Evaluated> {
  const ended = await runProgram(['evaluate', run, '--out', out, '--json', ...flags], home.env);
  expectCode(ended, 0);
  return JSON.parse(ended.stdout) as Evaluated;
}

beforeAll(async () => {
  await writeSmallModel(saes, LAYERS, FEATURES);
  const run = ['run', saes, '--out', out, '--pairs', 'all'];
  // The embedded server and worker stay for what follows.
  expectCode(await runProgram([...run, '--run-id', 'folded', '--detach'], home.env), 0);
  expectCode(await runProgram(['watch', 'folded', '--out', out], home.env), 0);
  expectCode(await runProgram([...run, '--run-id', 'unfolded', '--no-fold'], home.env), 0);
  folded = await evaluate('folded');
  await evaluate('unfolded');
}, 240_000);
afterAll(() => home.remove());

describe('sae-match evaluate', () => {
  it('has a row for every method and pair of layers', () => {
    const { state, methods } = folded;
    expect(state).toBe('done');
    const names = methods.map(({ source_layer, target_layer, method }) => `${source_layer}:${target_layer} ${method}`);
    expect(names).toEqual(PAIRS.flatMap((pair) => METHODS.map((method) => `${pair} ${method}`)));
  });

  it.each(['folded', 'unfolded'])('says of a run that is %s what numpy and scipy work out', async (run) => {
    const { code, stdout, stderr } = await runPython([join(EXAMPLES, 'evaluate.py'), join(out, 'runs', run)]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^21 rows, largest relative difference/);
  });

  it('finds no one-to-one choice cheaper than the matching of the run', () => {
    const { methods } = folded;
    for (const pair of PAIRS) {
      const costs = new Map(
        methods
          .filter(({ source_layer, target_layer }) => `${source_layer}:${target_layer}` === pair)
          .map(({ method, cost_mean }) => [method, cost_mean!])
      );
      for (const method of ['identity', 'random', 'greedy', 'matched_unfolded'])
        expect(costs.get('matched_folded')).toBeLessThanOrEqual(costs.get(method)!);
    }
  });

  it('evaluates by some methods only, and gives the same figures as among all', async () => {
    const some = (await evaluate('folded', '--methods', 'random,nearest')).methods;
    expect(some).toEqual(folded.methods.filter(({ method }) => method === 'random' || method === 'nearest'));
  });

  it('goes on after its worker was killed, and writes the same table again once nothing is kept of it', async () => {
    await evaluate('folded');
    const undisturbed = table('folded');
    expectCode(await runProgram(['gc', '--out', out, '--older-than', '0s'], home.env), 0);
    rmSync(join(out, 'runs/folded/evaluation'), { recursive: true });
    const again = startProgram(['evaluate', 'folded', '--out', out], home.env);
    await sleep(1500);
    await crash(home.processes().worker);
    expectCode(await again.finished, 0);
    expect(table('folded').equals(undisturbed)).toBe(true);
  }, 120_000);

  it('refuses methods that it does not know, and runs that there are not', async () => {
    const unknown = await runCommand(['evaluate', 'folded', '--out', out, '--methods', 'nearest,best'], home.env);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('--methods: unknown method (found best, expected identity, random');
    const missing = await runCommand(['evaluate', 'missing', '--out', out], home.env);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('this run has no results yet');
  });
});
