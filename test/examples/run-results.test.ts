import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readRunManifest } from '../support/run-folder';
import { runProgram } from '../support/program';
import type { Finished } from '../support/program';
import { createProgramHome } from '../support/program-home';
import type { ProgramHome } from '../support/program-home';
import { writeSmallModel } from '../support/small-model';
import { EXAMPLES } from './support/python';
import { residentPython } from './support/resident-python';

jest.setTimeout(180_000);

const DOCUMENT = resolve(__dirname, '../../docs/output-tables.md');
const RUN_ID = 'minilm';

const runScript = residentPython();
let home: ProgramHome;
let run: string;

/** A run of five layers that narrow and widen, so that there are unmatched features on both sides, births and deaths. */
beforeAll(async () => {
  home = createProgramHome();
  const model = join(home.folder, 'model');
  await writeSmallModel(model, 5, 150);
  await writeSmallModel(model, 4, 110);
  await writeSmallModel(model, 2, 130);
  const out = join(home.folder, 'sae-match-out');
  run = join(out, 'runs', RUN_ID);
  const { code, stderr } = await runProgram(
    ['run', model, '--out', out, '--run-id', RUN_ID, '--pairs', 'all'],
    home.env
  );
  if (code !== 0) throw new Error(stderr);
});

afterAll(() => home.remove());

function script(name: string, ...args: string[]): Promise<Finished> {
  return runScript([join(EXAMPLES, name), ...args], home.folder);
}

describe('examples/read_results.py', () => {
  it('reads all pairs and chains alike with pandas, polars and DuckDB', async () => {
    const { code, stdout, stderr } = await script('read_results.py', run);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('all three agree');
    for (const library of ['pandas', 'polars', 'DuckDB']) expect(stdout).toContain(`\n${library}\n`);
    const manifest = readRunManifest(join(home.folder, 'sae-match-out'), RUN_ID);
    for (const { source_layer: source, target_layer: target } of manifest.pairs) {
      expect(stdout.split(`  layer ${source} to ${target}: `)).toHaveLength(4);
    }
    expect(stdout).toContain('layer 1 to 2: 110 of 130 features matched');
    expect(stdout).toContain('layer 3 to 4: 110 of 110 features matched');
    // 110 chains go through, 20 end at layer 1, 40 begin at layer 4.
    expect(stdout).toContain('  110 chains over 5 layers');
    expect(stdout).toContain('  20 chains over 2 layers');
    expect(stdout).toContain('  40 chains over 1 layers');
  });

  it('takes an output folder for the newest run in it, and names a folder without a run', async () => {
    expect((await script('read_results.py', join(home.folder, 'sae-match-out'))).stdout).toContain(`run ${run}`);
    const { code, stderr } = await script('read_results.py', join(home.folder, 'model'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/model is not the folder of a finished run/);
  });
});

describe('examples/verify.py on a run', () => {
  it('proves every pair, or the one that is named', async () => {
    expect(await script('verify.py', run)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('\n10 of 10 pairs proved optimal\n') as string,
    });
    const { stdout } = await script('verify.py', run, '--pair', '1:2');
    expect(stdout).toContain('layer 1 to 2\n');
    expect(stdout).toContain('\n1 of 1 pairs proved optimal\n');
  });

  it('finds SAEs that have moved, and refuses a pair that the run does not have', async () => {
    const moved = join(home.folder, 'moved');
    cpSync(join(home.folder, 'model'), moved, { recursive: true });
    writeFileSync(join(moved, 'layer_0/width_small/average_l0_1/params.npz'), 'spoilt');
    const both = await script('verify.py', run, '--source', moved);
    expect(both.code).toBe(1);
    expect(both.stdout).toContain('\n6 of 10 pairs proved optimal\n');
    const { code, stderr } = await script('verify.py', run, '--pair', '2:1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/no such pair/);
  });
});

describe('docs/output-tables.md', () => {
  const text = readFileSync(DOCUMENT, 'utf8');

  it('has snippets that run as they stand', async () => {
    const snippets = [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
    expect(snippets.length).toBeGreaterThanOrEqual(4);
    const file = join(home.folder, 'snippets.py');
    writeFileSync(file, snippets.join('\n'));
    expect(await runScript([file], home.folder)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('lists the columns of every table in their order, with their types and whether they can be null', async () => {
    const { stdout } = await runScript([join(__dirname, 'support/describe-tables.py'), run]);
    const tables = JSON.parse(stdout) as Record<string, [string, string, boolean][]>;
    expect(Object.keys(tables).sort()).toEqual([
      'certificate.parquet',
      'chains.parquet',
      'matches.parquet',
      'pairs.parquet',
      'targets.parquet',
    ]);
    for (const [name, columns] of Object.entries(tables)) {
      const section = text.split(`\n## \`${name}\`\n`)[1]!.split('\n## ')[0]!;
      const rows = [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]+?) +\|/gm)];
      const documented = rows.map(([, column, type, nulls]) => [column, type, nulls !== 'never']);
      expect([name, documented]).toEqual([name, columns]);
    }
  });
});
