import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planRun } from '../../activities/steps/resolve-run';
import { expectCode, runProgram } from '../support/program';
import { writeSmallModel } from '../support/small-model';

/** Two SAEs a layer, which only their L0 tells apart. */
let scratch: string;
let model: string;
beforeAll(async () => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sae-match-selection-')));
  model = join(scratch, 'model');
  await writeSmallModel(model, 2, 60);
  for (const layer of [0, 1]) {
    const width = join(model, `layer_${layer}`, 'width_small');
    cpSync(join(width, 'average_l0_1'), join(width, `average_l0_${50 + layer}`), { recursive: true });
  }
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

it('a pair of a source with several SAEs a layer is chosen by flags, named by its own place, and verified there', async () => {
  const args = ['pair', `${model}#0`, `${model}#1`, '--out', join(scratch, 'pair')];
  const ambiguous = await runProgram(args, {});
  expectCode(ambiguous, 1);
  expect(ambiguous.stderr).toMatch(
    /layer 0 has several SAEs .*Choose with --l0 1 \| 50 \(or --l0 nearest:<number> \| similar\)/
  );
  expectCode(await runProgram([...args, '--l0', 'nearest:40'], {}), 0);
  const manifest = JSON.parse(readFileSync(join(scratch, 'pair', 'manifest.json'), 'utf8')) as {
    inputs: { path: string }[];
  };
  expect(manifest.inputs.map(({ path }) => path)).toEqual([
    `${model}/layer_0/width_small/average_l0_50#0`,
    `${model}/layer_1/width_small/average_l0_51#1`,
  ]);
  expectCode(await runProgram(['verify', join(scratch, 'pair')], {}), 0);
});

it('a run plans the SAEs that its specification selects', async () => {
  const { layers } = await planRun({
    ...{ source: model, out: scratch, layers: null, pairs: 'adjacent', weights: 'decoder', fold: true },
    ...{ degenerate: 'exclude', format: null, allow_hook_mismatch: false, l0: 'nearest:60' },
  });
  expect(layers.map(({ argument }) => argument)).toEqual([
    `${model}/layer_0/width_small/average_l0_50#0`,
    `${model}/layer_1/width_small/average_l0_51#1`,
  ]);
});
