import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import type { SaeDescription } from '../../sae/describe';
import { LFS_POINTER, scratchFolder } from '../sae/support';
import type { Finished } from '../support/program';
import { residentProgram } from '../support/resident-program';
import { randomSae, withoutThreshold, withValue, writeLayers } from '../support/random-sae';
import { EXAMPLE } from '../support/small-model';

const FIELDS =
  'format path layer hook features d_in d_out dtype activation k gauge input_norm theta excluded dead decoder_norm bytes fold_changes_result notes';
const QUANTILES = ['min', 'q05', 'q50', 'q95', 'max'];
const parsed = ({ stdout }: Finished): SaeDescription => JSON.parse(stdout) as SaeDescription;

const runCommand = residentProgram();
const folder = scratchFolder();
const source = join(folder, 'saes');
let results: Record<'one' | 'text' | 'list' | 'odd' | 'equal' | 'broken' | 'brokenText', Finished>;

beforeAll(async () => {
  const zeroRow = Array.from({ length: 8 }, (_, k) => 2 * 8 + k).reduce(
    (sae, index) => withValue(sae, 'W_dec', index, 0),
    withoutThreshold(randomSae(1), [0, 5])
  );
  const sae = randomSae(2);
  const equal = { ...sae, threshold: { ...sae.threshold, values: new Array<number>(16).fill(0.5) } };
  writeLayers(source, [zeroRow, equal]);
  const broken = join(folder, 'broken');
  writeFileSync(writeLayers(broken, [randomSae(1), randomSae(2)])[1]!, LFS_POINTER);
  const inspect = (...args: string[]): Promise<Finished> => runCommand(['inspect', ...args]);
  const [one, text, list, odd, equalOne, brokenJson, brokenText] = await Promise.all([
    inspect(`${EXAMPLE}#3`, '--json'),
    inspect(`${EXAMPLE}#3`),
    inspect(EXAMPLE, '--json'),
    inspect(`${source}#0`, '--json'),
    inspect(`${source}#1`, '--json'),
    inspect(broken, '--json'),
    inspect(broken),
  ]);
  results = { one, text, list, odd, equal: equalOne, broken: brokenJson, brokenText };
});

describe('inspect of one SAE', () => {
  it('prints exactly the documented fields as JSON', () => {
    const { code, stderr } = results.one;
    expect([code, stderr]).toEqual([0, '']);
    const described = parsed(results.one);
    expect(Object.keys(described)).toEqual(FIELDS.split(' '));
    expect(described).toMatchObject({
      format: 'gemma-scope',
      layer: 3,
      hook: null,
      features: 1024,
      d_in: 384,
      d_out: 384,
      dtype: 'float16',
      activation: 'jumprelu',
      k: null,
      gauge: 'theta',
      excluded: 0,
      dead: 0,
      fold_changes_result: true,
      notes: [],
    });
    for (const quantiles of [described.theta!, described.decoder_norm!]) {
      expect(Object.keys(quantiles)).toEqual(QUANTILES);
      const { min, q05, q50, q95, max } = quantiles;
      const values = [min, q05, q50, q95, max];
      expect(values).toEqual([...values].sort((a, b) => a - b));
    }
  });

  it('prints the same for people', () => {
    const { code, stdout } = results.text;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^features +1024$/m);
    expect(stdout).toMatch(/^θ +min 0\.409, .* max 2\.38$/m);
    expect(stdout).toMatch(/^folding +changes the matching, unless it is of one part by --metric cosine$/m);
  });

  it('counts features that folding leaves out and those with a zero row', () => {
    expect(parsed(results.odd)).toMatchObject({ excluded: 2, dead: 1, fold_changes_result: true, theta: { min: 0 } });
  });

  it('says so when folding changes nothing', () => {
    expect(parsed(results.equal)).toMatchObject({ fold_changes_result: false, theta: { min: 0.5, max: 0.5 } });
  });
});

describe('inspect of a source', () => {
  it('lists every SAE from its headers', () => {
    const {
      source: root,
      saes,
      ...more
    } = JSON.parse(results.list.stdout) as { source: string; saes: SaeDescription[] };
    expect([results.list.code, root, more]).toEqual([0, EXAMPLE, {}]);
    expect(saes.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const sae of saes) {
      expect(Object.keys(sae)).toEqual(FIELDS.split(' '));
      const { theta, excluded, dead, decoder_norm, fold_changes_result } = sae;
      expect([theta, excluded, dead, decoder_norm, fold_changes_result]).toEqual(new Array(5).fill(null));
      expect(sae).toMatchObject({ features: 1024, d_in: 384, dtype: 'float16', bytes: 1583832 });
    }
  });

  it('lists what is sound, tells what is broken, and gives exit code 1', () => {
    for (const { code, stdout, stderr } of [results.broken, results.brokenText]) {
      expect(code).toBe(1);
      expect(stdout).toContain('layer_0');
      expect(stdout + stderr).toMatch(/layer_1\/params\.npz: .*Git LFS/);
    }
    const { saes } = JSON.parse(results.broken.stdout) as { saes: SaeDescription[] };
    expect(saes.map(({ layer }) => layer)).toEqual([0]);
  });
});
