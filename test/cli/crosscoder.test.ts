import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PairManifest } from '../../artifacts/manifest';
import { decodePairs } from '../../artifacts/tables/pairs';
import type { PairRow } from '../../artifacts/tables/pairs';
import type { SaeDescription } from '../../sae/describe';
import { scratchFolder } from '../sae/support';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';

const FIXTURES = join(__dirname, '..', 'fixtures', 'formats');
const CROSSCODER = join(FIXTURES, 'crosscoder', 'blocks.14.hook_resid_pre', 'cc_weights.pt');
const THREE_SITES = join(FIXTURES, 'dictionary-learning-crosscoder-batchtopk', 'together');
const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const program = (...args: string[]): Promise<Finished> => runProgram(args, {});
const pair = (name: string, source: string, target: string, ...flags: string[]): Promise<Finished> =>
  program('pair', source, target, '--out', at(name), ...flags);
const rowOf = async (name: string): Promise<PairRow> =>
  (await decodePairs(readFileSync(join(at(name), 'pairs.parquet'))))[0]!;

describe('two sites of one crosscoder', () => {
  it('are matched as two layers, either way, and proved', async () => {
    const [forth, back] = await Promise.all([
      pair('forth', `${CROSSCODER}#0`, `${CROSSCODER}#1`),
      pair('back', `${CROSSCODER}#1`, `${CROSSCODER}#0`),
    ]);
    expect([forth.code, forth.stderr, back.code]).toEqual([0, '', 0]);
    const [one, other] = await Promise.all(['forth', 'back'].map(rowOf));
    expect(one).toMatchObject({ source_layer: 0, target_layer: 1, source_features: 24, matched: 24 });
    expect(other!.objective).toBeCloseTo(one!.objective!, 9);
    expect(one!.objective).toBeGreaterThan(0);
    expect((await program('verify', at('forth'))).code).toBe(0);
  });

  it('are named in the manifest, with notes on what each is alone', () => {
    const manifest = JSON.parse(readFileSync(join(at('forth'), 'manifest.json'), 'utf8')) as PairManifest;
    expect(manifest.inputs.map(({ layer, path }) => [layer, path])).toEqual([
      [0, `${CROSSCODER}#0`],
      [1, `${CROSSCODER}#1`],
    ]);
    expect(JSON.stringify(manifest.inputs[0]!.header)).toContain('one of 2 sites of a crosscoder');
  });

  it('of which one is compared with itself match at no cost', async () => {
    expect((await pair('same', `${THREE_SITES}#2`, `${THREE_SITES}#2`, '--weights', 'all')).code).toBe(0);
    expect(await rowOf('same')).toMatchObject({ objective: 0, matched: 24, source_layer: 2 });
  });
});

describe('inspect of a crosscoder', () => {
  it('lists every site, with what it shares', async () => {
    const { code, stdout } = await program('inspect', THREE_SITES, '--json');
    expect(code).toBe(0);
    const { saes } = JSON.parse(stdout) as { saes: SaeDescription[] };
    expect(saes.map(({ layer, features, gauge }) => [layer, features, gauge])).toEqual([
      [0, 24, 'theta'],
      [1, 24, 'theta'],
      [2, 24, 'theta'],
    ]);
  });
});

describe('convert of a site', () => {
  it('is refused, folded or not, and writes nothing', async () => {
    for (const flags of [
      ['--to', 'canonical', '--fold'],
      ['--to', 'saelens'],
    ]) {
      const { code, stderr } = await program('convert', `${CROSSCODER}#1`, '--out', at('converted'), ...flags);
      expect(code).toBe(1);
      expect(stderr).toContain('one site of a crosscoder is no SAE that can be written alone');
    }
    expect(existsSync(join(at('converted'), 'sae.safetensors'))).toBe(false);
  });
});
