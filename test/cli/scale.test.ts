import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PairManifest } from '../../artifacts/manifest';
import { decodePairs } from '../../artifacts/tables/pairs';
import type { PairRow } from '../../artifacts/tables/pairs';
import type { SaeDescription } from '../../sae/describe';
import { load, scratchFolder } from '../sae/support';
import type { Finished } from '../support/program';
import { randomSae, writeLayers } from '../support/random-sae';
import { residentProgram } from '../support/resident-program';
import { exportRow, ungatedSae, writeExport, writeSaes } from '../support/ungated-saes';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const runCommand = residentProgram();
const rowOf = async (name: string): Promise<PairRow> =>
  (await decodePairs(readFileSync(join(at(name), 'pairs.parquet'))))[0]!;
const manifestOf = (name: string): PairManifest =>
  JSON.parse(readFileSync(join(at(name), 'manifest.json'), 'utf8')) as PairManifest;

/** Values of a layer: feature 2 has none, feature 7 has 0. */
const values = (layer: number): (number | null)[] =>
  Array.from({ length: 16 }, (_, i) => (i === 2 ? null : i === 7 ? 0 : 0.5 + ((i * (layer + 3)) % 16)));
const EXPORTS = at('np/{layer}-res');
let saes: string[];
const pair = (out: string, ...flags: string[]): Promise<Finished> =>
  runCommand(['pair', saes[0]!, saes[1]!, '--out', at(out), ...flags]);

beforeAll(() => {
  saes = writeSaes(
    at('saes'),
    [1, 2].map((seed) => ungatedSae('topk', seed))
  );
  for (const layer of [0, 1]) writeExport(at(`np/${layer}-res`), values(layer), layer);
});

describe('pair with a features export', () => {
  let matched: Finished;
  beforeAll(async () => {
    matched = await pair('exported', '--scale', EXPORTS);
  });

  it('leaves out features without a positive scale, and says so', async () => {
    expect(matched.code).toBe(0);
    expect(matched.stderr).toBe(
      'layer 0: 2 features with a scale of 0 or less, or none, were left out (see --degenerate)\n' +
        'layer 1: 2 features with a scale of 0 or less, or none, were left out (see --degenerate)\n'
    );
    expect(await rowOf('exported')).toMatchObject({ excluded_source: 2, excluded_target: 2, matched: 14 });
  });

  it('lists its files among the inputs', () => {
    const { options, inputs } = manifestOf('exported');
    expect(options).toMatchObject({ scale: EXPORTS });
    inputs.forEach(({ scale, header }, layer) => {
      expect(scale!.location).toBe(at(`np/${layer}-res`));
      expect(scale!.files).toHaveLength(4);
      expect(header).toMatchObject({
        gauge: 'given',
        notes: [
          '1 of 16 features have no maxActApprox in the export',
          '1 of 16 features have a maxActApprox of 0 or less',
        ],
      });
    });
  });

  it('is proved by verify with the same scale', async () => {
    const { code, stdout } = await runCommand(['verify', at('exported'), '--json']);
    expect(code).toBe(0);
    const { ok, objective } = JSON.parse(stdout) as { ok: boolean; objective: number };
    expect(ok).toBe(true);
    expect(objective).toBeCloseTo((await rowOf('exported')).objective!, 9);
  });

  it('is proved where SAEs and exports were moved', async () => {
    cpSync(at('exported'), at('moved/results'), { recursive: true });
    cpSync(at('saes'), at('moved/saes'), { recursive: true });
    cpSync(at('np'), at('moved/np'), { recursive: true });
    renameSync(at('np'), at('away'));
    try {
      const moved = ['--source', at('moved/saes/layer_0'), '--target', at('moved/saes/layer_1')];
      const lost = await runCommand(['verify', at('moved/results'), ...moved]);
      expect([lost.code, lost.stdout]).toEqual([1, expect.stringContaining('Name the original export with --scale.')]);
      const found = await runCommand(['verify', at('moved/results'), ...moved, '--scale', at('moved/np/{layer}-res')]);
      expect([found.code, found.stderr]).toEqual([0, '']);
    } finally {
      renameSync(at('away'), at('np'));
    }
  });

  it('is not proved when the export was tampered with: both the checksum and the certificate fail', async () => {
    const batch = at('np/1-res/features/batch-0.jsonl.gz');
    const original = readFileSync(batch);
    try {
      writeFileSync(batch, gzipSync([0, 1, 2, 3, 4].map((i) => exportRow(i, 40 + i, 1)).join('\n')));
      const { code, stdout } = await runCommand(['verify', at('exported')]);
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /^checksums +FAILED\n.*1-res: features\/batch-0\.jsonl\.gz: the export is not the one the results were made from/
      );
      expect(stdout).toMatch(/^certificate +FAILED/m);
    } finally {
      writeFileSync(batch, original);
    }
  });
});

describe('pair with a scale from no file', () => {
  it('matches as without folding where one number is for all features, and its proof holds', async () => {
    const [one, unfolded] = [await pair('one', '--scale', 'threshold:2'), await pair('unfolded', '--no-fold')];
    expect([one.code, unfolded.code]).toEqual([0, 0]);
    const [a, b] = [await rowOf('one'), await rowOf('unfolded')];
    expect(a.objective! / 4).toBeCloseTo(b.objective!, 5);
    expect(manifestOf('one').options).toMatchObject({ scale: 'threshold:2' });
    expect(manifestOf('one').inputs[0]).not.toHaveProperty('scale');
    expect((await runCommand(['verify', at('one')])).code).toBe(0);
  });

  it('is as if nothing was said with decoder_norm', async () => {
    await pair('plain');
    await pair('norm', '--scale', 'decoder_norm');
    const matches = (name: string): Buffer => readFileSync(join(at(name), 'matches.parquet'));
    expect(matches('norm').equals(matches('plain'))).toBe(true);
    expect(manifestOf('norm').options).toEqual(manifestOf('plain').options);
  });
});

describe('a scale that does not fit', () => {
  it.each([
    [
      'for an SAE that has thresholds',
      ['threshold:1'],
      1,
      /the thresholds of this SAE are its scale.*Leave --scale out/,
    ],
    ['that is no number', ['threshold:x'], 2, /--scale: cannot be understood as a scale \(found threshold:x/],
    ['that is nowhere', ['decoder-norm'], 1, /decoder-norm: --scale: the scale cannot be read/],
  ])('%s is refused', async (_, [scale], code, message) => {
    const [gated] = writeLayers(at('gated'), [randomSae(1)]);
    const sae = scale === 'threshold:1' ? gated! : saes[0]!;
    for (const verb of [
      ['pair', sae, sae, '--out', at('refused')],
      ['inspect', sae],
      ['convert', sae, '--to', 'canonical', '--fold', '--out', at('refused')],
    ]) {
      const { code: found, stderr } = await runCommand([...verb, '--scale', scale!]);
      expect([found, stderr]).toEqual([code, expect.stringMatching(message)]);
    }
  });

  it('of another layer is refused with file and line', async () => {
    const { code, stderr } = await pair('other', '--scale', at('np/0-res'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/batch-0\.jsonl\.gz: line 1, layer: .*found layer 0, expected layer 1, that of the SAE/);
  });
});

describe('inspect with a scale', () => {
  const inspect = (...flags: string[]): Promise<Finished> => runCommand(['inspect', saes[0]!, ...flags]);

  it('tells what was used, its quantiles, and whether folding can change a matching', async () => {
    const one = await inspect('--scale', 'threshold:2');
    expect(one.stdout).toMatch(/^scale folded +given: 2 for every feature$/m);
    expect(one.stdout).toMatch(/^folding +changes nothing: one scale for all features$/m);
    const several = await inspect('--scale', EXPORTS);
    expect(several.stdout).toMatch(/^scale folded +given: maxActApprox of .*np\/\{layer\}-res$/m);
    expect(several.stdout).toMatch(/^scale +min 0\.00, .* max 15\.5$/m);
    expect(several.stdout).toMatch(/^excluded +2 features with a scale ≤ 0$/m);
    expect(several.stdout).toMatch(/^folding +changes the matching$/m);
    expect(several.stdout).toMatch(/^note +1 of 16 features have no maxActApprox in the export$/m);
  });

  it('has the scale in JSON and θ null', async () => {
    const described = JSON.parse((await inspect('--scale', EXPORTS, '--json')).stdout) as SaeDescription;
    expect(described).toMatchObject({ gauge: 'given', theta: null, excluded: 2, scale: { min: 0, max: 15.5 } });
  });

  it('wants one SAE', async () => {
    const { code, stderr } = await runCommand(['inspect', at('saes'), '--scale', 'threshold:2']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Name one of them')]);
  });
});

it('convert folds the scale in, and wants to be told to fold', async () => {
  const convert = (...flags: string[]): Promise<Finished> =>
    runCommand(['convert', at('saes'), '--to', 'canonical', '--out', at('converted'), '--scale', EXPORTS, ...flags]);
  const refused = await convert();
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('Add --fold')]);
  expect((await convert('--fold')).code).toBe(0);
  const sae = await load(at('converted/layer_1'));
  expect(sae.header.gauge).toBe('given');
  expect([...sae.scale!]).toEqual(values(1).map((value) => ((value ?? 0) > 0 ? 1 : 0)));
  const { stdout } = await runCommand(['inspect', at('converted/layer_1')]);
  expect(stdout).toMatch(/^scale folded +given when it was converted, folded in already$/m);
});
