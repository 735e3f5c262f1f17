import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listSaes } from '../../../sae/catalogue';
import { openSource } from '../../../sae/sources/open-source';
import { cases, FORMATS, loadOf, TOLERANCE, worst } from '../library-cases';
import { scratchFolder } from '../support';

const scratch = scratchFolder();

describe('an SAE of its own library', () => {
  it('is there for every format', () => {
    expect(new Set(cases.map(([, , { format }]) => format))).toEqual(new Set(FORMATS));
  });

  it.each(cases)('is read with its facts: %s', async (_, folder, expected) => {
    const { header } = await loadOf(folder, expected.path, expected.site ?? null);
    const { format, features, d_in: dIn, d_out: dOut } = expected;
    // The sites of a crosscoder of several models are of one layer, and are told apart by their numbers.
    const layer = expected.site ?? expected.layer;
    expect(header).toMatchObject({ format, layer, features, dIn, dOut });
    if (expected.hook !== null) expect(header.hook).toBe(expected.hook);
  });

  const whole = cases.filter(([, , { joint }]) => joint === undefined);
  it.each(whole)('reconstructs what the library does: %s', async (_, folder, expected) => {
    expect(worst(await loadOf(folder, expected.path), expected)).toBeLessThan(TOLERANCE);
  });

  const ofLayers = cases.filter(([, , { contributions }]) => contributions !== undefined);
  it.each(ofLayers)('gives to its own layer what the library says: %s', async (_, folder, expected) => {
    const sae = await loadOf(folder, expected.path);
    const own = expected.first_target === undefined ? Number(/(\d+)\.safetensors$/.exec(expected.path)![1]) : 0;
    const alone = { ...sae, skip: null, decoderBias: new Float64Array(expected.d_out) };
    expect(worst(alone, { ...expected, output: expected.contributions![own]! })).toBeLessThan(TOLERANCE);
  });
});

it.each(['openmoss', 'llama-scope', 'sparsify', 'dictionary-learning', 'gemma-scope-2'])(
  'a configuration of %s that is no JSON fails its own SAE alone',
  async (name) => {
    const folder = join(scratch, `broken-${name}`);
    cpSync(join(__dirname, '..', '..', 'fixtures', 'formats', name), folder, { recursive: true });
    const before = await listSaes(await openSource(folder));
    const config = before[0]!.files.find(({ path }) => path.endsWith('.json'))!;
    writeFileSync(join(folder, config.path), '{');
    const after = await listSaes(await openSource(folder));
    expect(after).toHaveLength(before.length);
    expect(after.filter(({ error }) => error !== null).length).toBeLessThanOrEqual(1);
  }
);
