import { cpSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METHODS, USUAL_METHODS } from '../../matching/evaluation/methods';
import type { EvaluationTables } from '../../cli/evaluation/read-tables';
import { EXAMPLES, runPython } from '../examples/support/python';
import { expectCode, runProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { residentProgram } from '../support/resident-program';
import { writeHiddenStates } from '../support/hidden-states';
import { float32Npy } from '../sae/zip-writer';
import { writeSmallModel } from '../support/small-model';

const LAYERS = 3;
const FEATURES = 120;
const PAIRS = ['0:1', '0:2', '1:2'];

const home = createProgramHome();
const saes = join(home.folder, 'saes');
const out = join(home.folder, 'out');
const runCommand = residentProgram();
const states = join(home.folder, 'states');
interface Evaluated extends EvaluationTables {
  readonly state: string;
  readonly failures: readonly { readonly message: string }[];
}

let folded: Evaluated;

async function evaluate(run: string, flags: readonly string[] = [], code = 0): Promise<Evaluated> {
  const ended = await runProgram(['evaluate', run, '--out', out, '--json', ...flags], home.env);
  expectCode(ended, code);
  return JSON.parse(ended.stdout) as Evaluated;
}

beforeAll(async () => {
  await writeSmallModel(saes, LAYERS, FEATURES);
  await writeHiddenStates(states, saes, LAYERS);
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
    expect(names).toEqual(PAIRS.flatMap((pair) => USUAL_METHODS.map((method) => `${pair} ${method}`)));
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
    const some = (await evaluate('folded', ['--methods', 'random,nearest'])).methods;
    expect(some).toEqual(folded.methods.filter(({ method }) => method === 'random' || method === 'nearest'));
  });

  it('takes the optimal matchings by other weights where they are asked for', async () => {
    const { methods } = await evaluate('folded', ['--methods', 'matched_folded,matched_decoder,matched_encoder']);
    const of = (name: string): unknown[] =>
      methods.filter(({ method }) => method === name).map((row) => ({ ...row, method: '' }));
    // The run matches on folded decoder rows.
    expect(of('matched_decoder')).toEqual(of('matched_folded'));
    expect(of('matched_encoder')).toHaveLength(PAIRS.length);
    expect(of('matched_encoder')).not.toEqual(of('matched_folded'));
  });

  describe('with hidden states', () => {
    it('says what numpy works out, of layers, cycles, scores, reconstructions and histograms', async () => {
      const flags = ['--activations', states, '--methods', METHODS.join(',')];
      const { state, scores, reconstructions, layers } = await evaluate('folded', flags);
      expect(state).toBe('done');
      expect(layers.map(({ tokens, documents }) => [tokens, documents])).toEqual(Array(LAYERS).fill([2500, 9]));
      expect(new Set(scores!.map(({ method }) => method))).toEqual(new Set([...METHODS, 'composed']));
      expect(reconstructions!.length).toBeGreaterThan(PAIRS.length * 2 * METHODS.length);
      const script = join(EXAMPLES, 'evaluate_activations.py');
      const { code, stdout, stderr } = await runPython([script, join(out, 'runs/folded')]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/reconstructions: \d+ rows, largest relative difference/);
    }, 120_000);

    it('is drawn and tabulated by the scripts of the examples', async () => {
      const figures = join(home.folder, 'figures');
      const run = join(out, 'runs/folded');
      const drawn = await runPython([join(EXAMPLES, 'plot_evaluation.py'), run, figures]);
      expect([drawn.code, drawn.stderr]).toEqual([0, '']);
      const names = ['distance', 'histogram', 'layers', 'mse', 'quantiles', 'scores', 'variance'];
      expect(readdirSync(figures).sort()).toEqual(names.map((name) => `${name}.svg`));
      const { code, stdout, stderr } = await runPython([join(EXAMPLES, 'tabulate_evaluation.py'), run]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^\| `matched_folded` \| 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] \|/m);
    }, 120_000);

    it('fails a layer alone whose hidden states are of another width, and says which', async () => {
      const other = join(home.folder, 'other');
      cpSync(states, other, { recursive: true });
      writeFileSync(join(other, 'layer_2.npy'), float32Npy([2500, 3], new Array<number>(7500).fill(0)));
      const { state, failures, layers, scores } = await evaluate('folded', ['--activations', other], 3);
      expect(state).toBe('partial');
      expect(failures.map(({ message }) => message)).toEqual([
        expect.stringContaining('layer 2: the hidden states do not fit the SAE (found 3 elements, expected 384'),
      ]);
      expect(layers.map(({ layer }) => layer)).toEqual([0, 1]);
      expect(new Set(scores!.map((row) => `${row.source_layer}:${row.target_layer}`))).toEqual(new Set(['0:1']));
    }, 120_000);

    it('leaves out layers of which there are none, without a failure', async () => {
      rmSync(join(home.folder, 'other/layer_2.npy'));
      const { state, layers, scores } = await evaluate('folded', ['--activations', join(home.folder, 'other')]);
      expect(state).toBe('done');
      expect(layers.map(({ tokens }) => tokens)).toEqual([2500, 2500, null]);
      expect(new Set(scores!.map(({ target_layer }) => target_layer))).toEqual(new Set([1]));
    }, 120_000);

    it('refuses what are no hidden states, and says why', async () => {
      const wrong = join(home.folder, 'wrong');
      const refusal = async (): Promise<string> => {
        const ended = await runCommand(['evaluate', 'folded', '--out', out, '--activations', wrong], home.env);
        expect(ended.code).toBe(1);
        return ended.stderr;
      };
      mkdirSync(wrong);
      expect(await refusal()).toContain('there are no hidden states');
      cpSync(join(states, 'layer_0.npy'), join(wrong, 'layer_0.npy'));
      writeFileSync(join(wrong, 'layer_1.npy'), float32Npy([1, 384], new Array<number>(384).fill(0)));
      expect(await refusal()).toContain('layer_1.npy: hidden states of other tokens (found 1 tokens, expected 2500');
      rmSync(join(wrong, 'layer_1.npy'));
      truncateSync(join(wrong, 'layer_0.npy'), 5000);
      expect(await refusal()).toContain('the size of the file does not fit its header');
    }, 120_000);
  });

  it('refuses methods that it does not know, and runs that there are not', async () => {
    const unknown = await runCommand(['evaluate', 'folded', '--out', out, '--methods', 'nearest,best'], home.env);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('--methods: unknown method (found best, expected identity, random');
    const missing = await runCommand(['evaluate', 'missing', '--out', out], home.env);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('this run has no results yet');
  });
});
