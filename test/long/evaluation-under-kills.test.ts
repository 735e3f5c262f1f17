import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeHiddenStates } from '../support/hidden-states';
import { expectCode, runProgram, startProgram } from '../support/program';
import { crash, createProgramHome } from '../support/program-home';
import { writeSmallModel } from '../support/small-model';

const LAYERS = 3;
const home = createProgramHome();
const out = join(home.folder, 'out');
const states = join(home.folder, 'states');
const evaluation = join(out, 'runs/evaluated/evaluation');
const args = ['evaluate', 'evaluated', '--out', out, '--activations', states];

/** All tables of the evaluation, by name. */
const tables = (): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(evaluation)
      .filter((name) => name.endsWith('.parquet'))
      .map((name) => [name, readFileSync(join(evaluation, name))])
  );

beforeAll(async () => {
  const saes = join(home.folder, 'saes');
  await writeSmallModel(saes, LAYERS, 120);
  await writeHiddenStates(states, saes, LAYERS);
  const run = ['run', saes, '--out', out, '--pairs', 'all', '--run-id', 'evaluated'];
  expectCode(await runProgram([...run, '--detach'], home.env), 0);
  expectCode(await runProgram(['watch', 'evaluated', '--out', out], home.env), 0);
}, 240_000);
afterAll(() => home.remove());

it('an evaluation goes on after its worker was killed, and writes the same tables once nothing is kept of it', async () => {
  expectCode(await runProgram(args, home.env), 0);
  const undisturbed = tables();
  for (const afterMs of [1500, 3000, 4500]) {
    expectCode(await runProgram(['gc', '--out', out, '--older-than', '0s'], home.env), 0);
    rmSync(evaluation, { recursive: true });
    const again = startProgram(args, home.env);
    await sleep(afterMs);
    await crash(home.processes().worker);
    expectCode(await again.finished, 0);
    expect(tables()).toEqual(undisturbed);
  }
}, 240_000);

it('an evaluation whose choices are damaged makes them again', async () => {
  const evaluations = join(out, 'artifacts/evaluations');
  const undisturbed = tables();
  rmSync(join(out, 'artifacts/estimates'), { recursive: true });
  for (const key of readdirSync(evaluations)) rmSync(join(evaluations, key, 'choices.parquet'));
  expectCode(await runProgram(args, home.env), 0);
  expect(tables()).toEqual(undisturbed);
}, 120_000);
