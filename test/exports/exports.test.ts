import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readText, tablesBelow } from '../docs/markdown';
import { residentPython } from '../examples/support/resident-python';
import { differencesFrom, documentedFields } from '../support/json-tables';
import { expectCode, runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { residentProgram } from '../support/resident-program';
import { randomSae, withoutThreshold, writeLayers } from '../support/random-sae';
import { writeSmallModel } from '../support/small-model';

const home = createProgramHome();
const at = (...names: string[]): string => join(home.folder, ...names);
const runCommand = residentProgram();
const runScript = residentPython();
const saes = at('saes');
const run = at('sae-match-out/runs/minilm');
const exports = at('exports');

const exportTo = (results: string, to: string, output: string, ...more: string[]): Promise<Finished> =>
  runCommand(['export', results, '--to', to, '--output', output, ...more], home.env);

/** What each format is called in the folder of exports. */
const OUTPUTS = {
  json: 'matchings.json',
  npy: 'npy',
  graphml: 'chains.graphml',
  groups: 'groups.json',
  splice: 'splice',
};

/** A run of layers that narrow and widen, so that there are unmatched features on both sides, births and deaths. */
beforeAll(async () => {
  await writeSmallModel(saes, 4, 150);
  await writeSmallModel(saes, 3, 110);
  await writeSmallModel(saes, 2, 130);
  const flags = ['--out', at('sae-match-out'), '--run-id', 'minilm', '--pairs', 'all'];
  // The embedded server and worker stay for what follows.
  expectCode(await runProgram(['run', saes, ...flags, '--detach'], home.env), 0);
  expectCode(await runProgram(['watch', 'minilm', '--out', at('sae-match-out')], home.env), 0);
  for (const [format, name] of Object.entries(OUTPUTS))
    expectCode(await exportTo(run, format, join(exports, name), ...(format === 'splice' ? ['--with-weights'] : [])), 0);
}, 120_000);

afterAll(() => home.remove());

describe('exports of a run', () => {
  it('say to numpy, networkx and safetensors what its tables and SAEs say', async () => {
    const { code, stdout, stderr } = await runScript([join(__dirname, 'support/read-exports.py'), run, exports]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('are the same bytes every time, and what was written is told', async () => {
    for (const [format, name] of Object.entries(OUTPUTS)) {
      const more = format === 'splice' ? ['--with-weights'] : [];
      const { stdout, ...ended } = await exportTo(run, format, at('again', name), '--json', ...more);
      expectCode({ stdout, ...ended }, 0);
      const written = JSON.parse(stdout) as { pairs: number; files: { path: string; bytes: number }[] };
      expect(written.pairs).toBe(6);
      for (const { path, bytes } of written.files) {
        const [first, second] = [path.replace(at('again'), exports), path].map((file) => readFileSync(file));
        expect([path, second!.length, second!.equals(first!)]).toEqual([path, bytes, true]);
      }
    }
  });

  it.each(Object.entries(OUTPUTS))('replace nothing without --force: %s', async (format, name) => {
    const output = at('taken', name);
    const isFolder = ['npy', 'splice'].includes(format);
    const taken = isFolder ? join(output, format === 'npy' ? 'permutations.json' : 'splice.json') : output;
    mkdirSync(join(taken, '..'), { recursive: true });
    writeFileSync(taken, 'mine');
    const { code, stderr } = await exportTo(run, format, output);
    expect([code, stderr]).toEqual([
      2,
      `sae-match: ${taken}: --output: the file is there already. Choose another path, or pass --force.\n`,
    ]);
    expect([readFileSync(taken, 'utf8'), readdirSync(join(taken, '..')).length]).toEqual([
      'mine',
      isFolder ? 1 : readdirSync(join(taken, '..')).length,
    ]);
    expectCode(await exportTo(run, format, output, '--force'), 0);
    expect(readFileSync(taken, 'utf8')).not.toBe('mine');
  });

  it('are about the layers that were chosen', async () => {
    expectCode(await exportTo(run, 'npy', at('some-npy'), '--layers', '1,2'), 0);
    expect(readdirSync(at('some-npy')).sort()).toEqual(['permutations.json', 'source_01_target_02.npy']);
    expectCode(await exportTo(run, 'graphml', at('some.graphml'), '--layers', '0,2-3'), 0);
    const graph = readFileSync(at('some.graphml'), 'utf8');
    expect(graph).not.toContain('<node id="1:');
    // Layers 0 and 2 are no neighbours.
    expect(
      new Set([...graph.matchAll(/<edge source="(\d):\d+" target="(\d)/g)].map(([, a, b]) => `${a}:${b}`))
    ).toEqual(new Set(['2:3']));
    const { code, stderr } = await exportTo(run, 'json', at('none.json'), '--layers', '3,9');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('there is no matching to export (found 3,9, expected') as string,
    ]);
  });

  it('find SAEs that have moved, do without them, and refuse others', async () => {
    renameSync(saes, at('moved'));
    try {
      const gone = await exportTo(run, 'json', at('gone.json'));
      expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/--source.*--no-baseline/) as string]);
      expectCode(await exportTo(run, 'json', at('moved.json'), '--source', at('moved')), 0);
      expect(readFileSync(at('moved.json')).equals(readFileSync(join(exports, OUTPUTS.json)))).toBe(true);
      expectCode(await exportTo(run, 'json', at('bare.json'), '--no-baseline'), 0);
      const bare = JSON.parse(readFileSync(at('bare.json'), 'utf8')) as { pairs: { random: unknown }[] };
      expect(bare.pairs.map(({ random }) => random)).toEqual(Array(6).fill(null));
      writeLayers(
        at('others'),
        [1, 2, 3, 4].map((seed) => randomSae(seed))
      );
      const other = await exportTo(run, 'splice', at('other'), '--source', at('others'));
      expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('the file changed') as string]);
      // Nothing unfinished is left behind.
      expect(readdirSync(home.folder).filter((name) => name.startsWith('.sae-match'))).toEqual([]);
      expect([existsSync(at('gone.json')), existsSync(at('other'))]).toEqual([false, false]);
    } finally {
      renameSync(at('moved'), saes);
    }
  });

  it('are not made of a table that is not what the manifest says', async () => {
    cpSync(run, at('copy/runs/minilm'), { recursive: true });
    const table = at('copy/runs/minilm/matches/source=00/target=01/matches.parquet');
    const bytes = readFileSync(table);
    bytes[40]! ^= 1;
    writeFileSync(table, bytes);
    const { code, stderr } = await exportTo(at('copy/runs/minilm'), 'npy', at('spoilt'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('has another CRC32C') as string]);
    expect(existsSync(at('spoilt/permutations.json'))).toBe(false);
  });
});

describe('docs/exporting.md', () => {
  const page = 'docs/exporting.md';

  it('has snippets that run as they stand', async () => {
    const snippets = [...readText(page).matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
    expect(snippets).toHaveLength(5);
    for (const [index, snippet] of snippets.entries()) {
      const file = at(`snippet-${index}.py`);
      writeFileSync(file, snippet);
      expect([snippet, await runScript([file], exports)]).toEqual([snippet, { code: 0, stdout: '', stderr: '' }]);
    }
  });

  it.each([
    ['JSON', 'matchings.json'],
    ['numpy', 'npy/permutations.json'],
    ['Groups', 'groups.json'],
    ['Splice: into the model', 'splice/splice.json'],
  ])('lists every field: %s', (heading, name) => {
    const fields = ['Provenance', heading].flatMap((part) => documentedFields(part, page));
    expect(differencesFrom(fields, JSON.parse(readFileSync(join(exports, name), 'utf8')))).toEqual([]);
  });

  it('lists every attribute of the graph', () => {
    const graph = readFileSync(join(exports, OUTPUTS.graphml), 'utf8');
    const keys = [...graph.matchAll(/<key id="(\w+)" for="(\w+)" attr.name="\1" attr.type="(\w+)"/g)];
    const [table] = tablesBelow(readText(page), 'GraphML');
    const documented = table!
      .slice(1)
      .filter(([, name]) => name !== 'id')
      .flatMap(([of, names, type]) => names!.split(', ').map((name) => [name, of, type]));
    expect(keys.map(([, name, of, type]) => [name, of, type])).toEqual(documented);
  });
});

describe('exports of a pair', () => {
  it('are those of one matching, whose sides have names where layers tell nothing', async () => {
    const [before, after] = [at('before'), at('after')].map((folder, index) =>
      writeLayers(folder, [withoutThreshold(randomSae(index + 1, 20), [index, 7])])
    );
    expectCode(await runCommand(['pair', before![0]!, after![0]!, '--out', at('pair')], home.env), 0);
    for (const [format, name] of Object.entries(OUTPUTS).slice(0, 4))
      expectCode(await exportTo(at('pair'), format, at('pair-exports', name)), 0);
    const matching = JSON.parse(readFileSync(at('pair-exports/matchings.json'), 'utf8')) as {
      readonly pairs: readonly { readonly target_feature: (number | null)[] }[];
    };
    const targets = matching.pairs[0]!.target_feature;
    expect([targets[0], targets[7], targets.filter((j) => j !== null).length]).toEqual([null, null, 18]);
    expect(readdirSync(at('pair-exports/npy')).sort()).toEqual(['permutation.npy', 'permutations.json']);
    const graph = readFileSync(at('pair-exports/chains.graphml'), 'utf8');
    for (const [i, j] of targets.entries())
      expect(graph.includes(`<edge source="source:${i}" target="target:${j}">`)).toBe(j !== null);
    // Features that were left out are in no chain.
    expect(graph.match(/<node /g)).toHaveLength(36);
    const splice = await exportTo(at('pair'), 'splice', at('pair-exports/splice'));
    expect([splice.code, splice.stderr]).toEqual([
      1,
      expect.stringContaining('cannot be spliced into a model') as string,
    ]);
  });
});

describe('export', () => {
  it('tells of pairs that were not matched, and exports the others', async () => {
    const [, broken] = writeLayers(at('partial'), [randomSae(1), randomSae(2), randomSae(3)]);
    writeFileSync(broken!, 'no archive');
    const flags = ['--out', at('sae-match-out'), '--run-id', 'partial', '--pairs', 'all'];
    expectCode(await runProgram(['run', at('partial'), ...flags], home.env), 3);
    const { code, stderr } = await exportTo(at('sae-match-out/runs/partial'), 'json', at('partial.json'));
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([0, 2]);
    const { pairs, failed } = JSON.parse(readFileSync(at('partial.json'), 'utf8')) as Record<string, object[]>;
    expect(pairs).toMatchObject([{ source_layer: 0, target_layer: 2 }]);
    expect(failed).toMatchObject([
      { source_layer: 0, target_layer: 1 },
      { source_layer: 1, target_layer: 2 },
    ]);
  });

  it.each([
    [['--to', 'csv'], '--to: cannot be understood (found csv, expected json | npy | graphml | groups | splice)'],
    [['--to', 'npy', '--with-weights'], '--with-weights: means nothing for this export (expected --to splice)'],
    [['--to', 'npy', '--no-baseline'], '--no-baseline: means nothing for this export (expected --to json)'],
    [['--to', 'json', '--target', 'x'], '--target: a run has one source (found x)'],
    [['--to', 'npy', '--source', 'x'], '--source: means nothing for this export'],
    [['--to', 'json', '--scale', 'x'], 'made without a features export'],
    [['--to', 'json', '--output', 'gs://bucket/export'], '--output: exports are written to this machine'],
    [['--to', 'json', '--output', 'exports'], ''],
  ])('refuses %j', async (flags, message) => {
    const output = flags.includes('--output') ? [] : ['--output', at('refused')];
    const given = flags.map((flag) => (flag === 'exports' ? exports : flag));
    const { code, stderr } = await runCommand(['export', run, ...output, ...given], home.env);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message) as string]);
  });
});
