import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { crc32c } from '../../transport/crc32c';
import type { PairManifest } from '../../artifacts/manifest';
import { decodeCertificate } from '../../artifacts/tables/certificate';
import { decodeMatches } from '../../artifacts/tables/matches';
import type { MatchTable } from '../../artifacts/tables/matches';
import { decodePairs } from '../../artifacts/tables/pairs';
import type { PairRow } from '../../artifacts/tables/pairs';
import { decodeTargets } from '../../artifacts/tables/targets';
import reference from '../references/minilm-l6.json';
import { scratchFolder } from '../sae/support';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { residentProgram } from '../support/resident-program';
import { randomSae, withoutThreshold, withValue, writeLayers } from '../support/random-sae';
import { EXAMPLE } from '../support/small-model';

const TABLES = ['certificate.parquet', 'matches.parquet', 'pairs.parquet', 'targets.parquet'];
const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const runCommand = residentProgram();
const pair = (source: string, target: string, ...flags: string[]): Promise<Finished> =>
  runCommand(['pair', source, target, ...flags]);
const files = (name: string): string[] =>
  readdirSync(at(name))
    .filter((file) => !file.startsWith('.'))
    .sort();
const table = (name: string, file: string): Buffer => readFileSync(join(at(name), file));
const matchesOf = (name: string): Promise<MatchTable> => decodeMatches(table(name, 'matches.parquet'));
const rowOf = async (name: string): Promise<PairRow> => (await decodePairs(table(name, 'pairs.parquet')))[0]!;
const manifestOf = (name: string): PairManifest =>
  JSON.parse(table(name, 'manifest.json').toString('utf8')) as PairManifest;

/** Four layers: two sound ones, and two with thresholds that cannot be folded. */
let layers: string[];
beforeAll(() => {
  layers = writeLayers(at('saes'), [
    randomSae(1),
    randomSae(2, 12),
    withoutThreshold(randomSae(3), [2, 7]),
    withValue(withoutThreshold(randomSae(4), [0, 1, 15]), 'threshold', 1, -0.5),
  ]);
});

describe('pair of two example SAEs', () => {
  let folded: Finished;
  let unfolded: Finished;
  let all: Finished;
  beforeAll(async () => {
    // What an interrupted write leaves does not make a folder a foreign one.
    mkdirSync(at('folded/.sae-match-tmp'), { recursive: true });
    const args = (name: string, ...flags: string[]): string[] => [
      ...['pair', `${EXAMPLE}#3`, `${EXAMPLE}#4`, '--out', at(name)],
      ...flags,
    ];
    [folded, unfolded, all] = await Promise.all([
      runProgram(args('folded'), {}),
      runCommand(args('unfolded', '--no-fold', '--json')),
      runCommand(args('all', '--weights', 'all', '--json')),
    ]);
  });

  const expectOptimum = (found: number | null, expected: number): void => {
    expect(Math.abs(found! - expected)).toBeLessThanOrEqual(1e-9 * expected);
  };

  it('writes its tables and its manifest and nothing else', () => {
    expect(folded.code).toBe(0);
    for (const name of ['folded', 'unfolded', 'all']) expect(files(name)).toEqual([...TABLES, 'manifest.json'].sort());
  });

  it('finds the optimum that scipy finds: folded, unfolded, and of all weights', async () => {
    const expected = reference['3:4'];
    expectOptimum((await rowOf('folded')).objective, expected['dec-folded'].objective);
    expectOptimum((await rowOf('unfolded')).objective, expected['dec-unfolded'].objective);
    expectOptimum((await rowOf('all')).objective, expected['all-folded'].objective);
    expect([...(await matchesOf('folded')).targetFeature]).toEqual(expected['dec-folded'].target_feature);
  });

  it('tells what it found, with the rule of every number', () => {
    expect(folded.stderr).toBe('');
    expect(folded.stdout).toMatch(/^matched 1024 of 1024 source and 1024 target features$/m);
    expect(folded.stdout).toMatch(/^objective +286\.87\d+$/m);
    expect(folded.stdout).toMatch(/^proven bound +286\.87\d+ \(gap \S+\)$/m);
    expect(folded.stdout).toContain(`results: ${at('folded')}\n`);
  });

  it('prints the row of pairs.parquet with --json', async () => {
    for (const [name, { code, stdout, stderr }] of Object.entries({ unfolded, all })) {
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toEqual(await rowOf(name));
    }
    const { share_decoder, share_encoder, share_bias } = await rowOf('all');
    expect(share_decoder! + share_encoder! + share_bias!).toBeCloseTo(1, 12);
  });

  it('reports the folded error whether or not it folded', async () => {
    const rows = await Promise.all(['folded', 'unfolded', 'all'].map(rowOf));
    expect(rows.every((row) => row.folded_mse_decoder! > 0 && row.folded_mse_encoder! > 0)).toBe(true);
    const { matched_cost, folded_mse_decoder } = rows[0]!;
    expect(folded_mse_decoder).toBeCloseTo(matched_cost! / (1024 * 384), 12);
  });

  it('lists in the manifest every table with its checksum, both inputs by hash, and the options', () => {
    const { kind, state, options, inputs, artifacts, pairs } = manifestOf('folded');
    expect([kind, state]).toEqual(['pair', 'done']);
    expect(options).toEqual({ weights: 'decoder', fold: true, degenerate: 'exclude', format: null });
    expect(inputs.map(({ layer, path }) => [layer, path])).toEqual([
      [3, `${EXAMPLE}#3`],
      [4, `${EXAMPLE}#4`],
    ]);
    expect(inputs.flatMap((input) => input.files).every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
    expect(pairs).toEqual([{ source_layer: 3, target_layer: 4, status: 'done' }]);
    const facts = TABLES.map((path) => {
      const bytes = table('folded', path);
      return { path, bytes: bytes.length, crc32c: crc32c(bytes) };
    });
    expect(artifacts).toEqual(facts);
  });

  it('is proved by verify', async () => {
    const [text, json] = await Promise.all([
      runProgram(['verify', at('folded')], {}),
      runCommand(['verify', at('unfolded'), '--json']),
    ]);
    expect([text.code, json.code]).toEqual([0, 0]);
    expect(text.stdout).toMatch(/^checksums +ok\npermutation +ok .*\ncertificate +ok +1 of 1 pairs proven optimal$/m);
    const verification = JSON.parse(json.stdout) as Record<string, unknown>;
    expect(Object.keys(verification)).toEqual(['ok', 'checksums', 'permutation', 'objective', 'bound', 'gap', 'pairs']);
    expect(verification.ok).toBe(true);
    expectOptimum(verification.objective as number, reference['3:4']['dec-unfolded'].objective);
  });
});

describe('the output folder of pair', () => {
  it('may hold an earlier pair, which is replaced, but nothing else unless forced', async () => {
    const out = at('own');
    expect((await pair(layers[0]!, layers[1]!, '--out', out)).code).toBe(0);
    expect((await rowOf('own')).target_features).toBe(12);
    expect((await pair(layers[1]!, layers[0]!, '--out', out)).code).toBe(0);
    expect((await rowOf('own')).target_features).toBe(16);
    expect(files('own')).toEqual([...TABLES, 'manifest.json'].sort());

    mkdirSync(at('foreign'));
    writeFileSync(join(at('foreign'), 'notes.txt'), 'mine');
    const refused = await pair(layers[0]!, layers[1]!, '--out', at('foreign'));
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toBe(
      `sae-match: ${at('foreign')}: --out: the folder is not empty and not of an earlier pair ` +
        '(found notes.txt, expected an empty or new folder). Choose another folder, or pass --force.\n'
    );
    expect(files('foreign')).toEqual(['notes.txt']);

    expect((await pair(layers[0]!, layers[1]!, '--out', at('foreign'), '--force')).code).toBe(0);
    expect(files('foreign')).toEqual([...TABLES, 'manifest.json', 'notes.txt'].sort());
    expect(readFileSync(join(at('foreign'), 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('and the SAEs may be named by relative paths; verify finds the SAEs again from anywhere', async () => {
    const here = (path: string): string => relative(process.cwd(), path);
    const { code, stdout } = await pair(
      here(layers[0]!),
      here(`${at('saes')}#1`),
      '--out',
      here(at('relative')),
      '--quiet'
    );
    expect(code).toBe(0);
    expect(stdout).toContain(`results: ${at('relative')}\n`);
    expect(manifestOf('relative').inputs.map(({ path }) => path)).toEqual([layers[0], `${at('saes')}#1`]);
  });
});

describe('features with a threshold of 0 or less', () => {
  let excluding: Finished;
  beforeAll(async () => {
    excluding = await pair(layers[2]!, layers[3]!, '--out', at('excluding'), '--json');
  });

  it('are left out, counted in a warning for each SAE and in the row of the pair', async () => {
    expect(excluding.code).toBe(0);
    expect(excluding.stderr).toBe(
      'layer 2: 2 features with a threshold of 0 or less were left out (see --degenerate)\n' +
        'layer 3: 3 features with a threshold of 0 or less were left out (see --degenerate)\n'
    );
    expect(await rowOf('excluding')).toMatchObject({
      source_features: 16,
      target_features: 16,
      excluded_source: 2,
      excluded_target: 3,
      matched: 13,
    });
  });

  it('are unmatched in both tables and have no part in the certificate', async () => {
    const { targetFeature, cost, mse, decoderCosine, encoderCosine, nearestTarget } = await matchesOf('excluding');
    const { sourceFeature } = await decodeTargets(table('excluding', 'targets.parquet'));
    for (const feature of [2, 7]) {
      expect([targetFeature[feature], nearestTarget[feature]]).toEqual([-1, -1]);
      const numbers = [cost, mse, decoderCosine, encoderCosine].map((column) => column[feature]);
      expect(numbers).toEqual([NaN, NaN, NaN, NaN]);
    }
    for (const feature of [0, 1, 15]) expect(sourceFeature[feature]).toBe(-1);
    const certificate = await decodeCertificate(table('excluding', 'certificate.parquet'));
    const others = (excluded: number[]): number[] =>
      Array.from({ length: 16 }, (_, feature) => feature).filter((feature) => !excluded.includes(feature));
    expect([...certificate.source.feature]).toEqual(others([2, 7]));
    expect([...certificate.target.feature]).toEqual(others([0, 1, 15]));
  });

  it('leave a rectangular problem whose tables agree and whose costs sum to the objective', async () => {
    const { targetFeature, cost } = await matchesOf('excluding');
    const { sourceFeature } = await decodeTargets(table('excluding', 'targets.parquet'));
    const matched = [...targetFeature.keys()].filter((feature) => targetFeature[feature]! >= 0);
    expect(matched).toHaveLength(13);
    for (const feature of matched) expect(sourceFeature[targetFeature[feature]!]).toBe(feature);
    expect(sourceFeature.filter((feature) => feature >= 0)).toHaveLength(13);
    const { objective, matched_cost, gap } = await rowOf('excluding');
    expect(matched.reduce((sum, feature) => sum + cost[feature]!, 0)).toBeCloseTo(matched_cost!, 12);
    expect(objective).toBe(matched_cost);
    expect(Math.abs(gap!)).toBeLessThan(1e-9);
    const { source, target } = await decodeCertificate(table('excluding', 'certificate.parquet'));
    const duals = [...source.dual, ...target.dual].reduce((sum, dual) => sum + dual, 0);
    expect(duals).toBeCloseTo(objective!, 9);
    // The surplus of the source layer may stay out at no price.
    expect(Math.max(...source.dual)).toBeLessThanOrEqual(1e-12);
  });

  it('are proved by verify', async () => {
    expect((await runCommand(['verify', at('excluding')])).code).toBe(0);
  });

  it('take part when nothing is folded', async () => {
    const { code, stderr } = await pair(layers[2]!, layers[3]!, '--out', at('all-in'), '--no-fold');
    expect([code, stderr]).toEqual([0, '']);
    expect(await rowOf('all-in')).toMatchObject({ matched: 16, excluded_source: 0, excluded_target: 0 });
  });
});

describe('verify of a pair whose SAE has moved', () => {
  it('says which input is gone, still makes the other checks, and proves it when told the new place', async () => {
    const [source, target] = writeLayers(at('moved'), [randomSae(1), randomSae(2)]) as [string, string];
    await pair(source, target, '--out', at('of-moved'));
    writeLayers(at('elsewhere'), [randomSae(1)]);
    writeFileSync(source, '');
    const [lost, found] = await Promise.all([
      runCommand(['verify', at('of-moved'), '--json']),
      runCommand(['verify', at('of-moved'), '--source', `${at('elsewhere')}#0`]),
    ]);
    expect([lost.code, found.code]).toEqual([1, 0]);
    const { ok, checksums, permutation } = JSON.parse(lost.stdout) as Record<string, { ok: boolean; faults: string[] }>;
    expect([ok, checksums!.ok, permutation!.ok]).toEqual([false, false, true]);
    expect(checksums!.faults).toEqual([expect.stringContaining(source)]);
  });
});
