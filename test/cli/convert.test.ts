import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, LFS_POINTER, scratchFolder } from '../sae/support';
import type { Finished } from '../support/program';
import { residentProgram } from '../support/resident-program';
import { randomSae, withoutThreshold, writeLayers } from '../support/random-sae';
import { EXAMPLE } from '../support/small-model';

const runCommand = residentProgram();
const folder = scratchFolder();
const source = join(folder, 'saes');
const broken = join(folder, 'broken');
const at = (name: string): string => join(folder, name);
const convert = (...args: string[]): Promise<Finished> => runCommand(['convert', ...args]);

beforeAll(() => {
  writeLayers(source, [randomSae(1), randomSae(2), withoutThreshold(randomSae(3), [4])]);
  writeFileSync(writeLayers(broken, [randomSae(1), randomSae(2)])[1]!, LFS_POINTER);
});

describe('convert', () => {
  it('writes one SAE into the folder, however it was chosen', async () => {
    const [named, chosen] = await Promise.all([
      convert(`${EXAMPLE}#3`, '--to', 'canonical', '--out', at('named')),
      convert(EXAMPLE, '--to', 'canonical', '--layers', '3', '--out', at('chosen')),
    ]);
    for (const [{ code, stdout, stderr }, out] of [[named, 'named'] as const, [chosen, 'chosen'] as const]) {
      expect([code, stderr, stdout.trim()]).toEqual([0, '', `${at(out)}/sae.safetensors`]);
    }
    const [copy, original] = [await load(at('named')), await load(`${EXAMPLE}#3`)];
    expect(copy.header).toMatchObject({ layer: 3, activation: 'jumprelu', gauge: 'theta' });
    expect(copy.encoder.blocks[0]).toEqual(Float32Array.from(original.encoder.blocks[0]!));
    expect(copy.threshold).toEqual(Float64Array.from(original.threshold!, Math.fround));
  });

  it('writes several layers below the folder, folded and marked where they cannot be', async () => {
    const { code, stderr } = await convert(source, '--to', 'canonical', '--fold', '--out', at('folded'));
    expect([code, stderr]).toEqual([0, '']);
    expect(
      readdirSync(at('folded'))
        .filter((name) => !name.startsWith('.'))
        .sort()
    ).toEqual(['layer_0', 'layer_1', 'layer_2']);
    const folded = await load(join(at('folded'), 'layer_2'));
    expect([...folded.threshold!]).toEqual(Array.from({ length: 16 }, (_, feature) => (feature === 4 ? 0 : 1)));
  });

  it('gives the weights to SAELens in its own layout', async () => {
    expect((await convert(source, '--to', 'saelens', '--layers', '0,1', '--out', at('saelens'))).code).toBe(0);
    const sae = await load(join(at('saelens'), 'layer_1'));
    expect(sae.header).toMatchObject({ format: 'saelens', activation: 'jumprelu', features: 16, dIn: 8 });
  });

  it('replaces nothing that is there unless it is told to', async () => {
    const again = (...more: string[]): Promise<Finished> =>
      convert(`${source}#0`, '--to', 'canonical', '--out', at('twice'), ...more);
    expect((await again()).code).toBe(0);
    const { code, stderr } = await again();
    expect([code, stderr]).toEqual([2, expect.stringContaining('the file is there already') as string]);
    expect((await again('--force')).code).toBe(0);
  });

  it('completes the other layers when one is broken, and ends with 3', async () => {
    const { code, stderr } = await convert(broken, '--to', 'canonical', '--out', at('partly'));
    expect(code).toBe(3);
    expect(stderr).toContain('Git LFS pointer');
    expect(existsSync(join(at('partly'), 'layer_0', 'sae.safetensors'))).toBe(true);
    expect((await convert(`${broken}#1`, '--to', 'canonical', '--out', at('alone'))).code).toBe(1);
  });

  it.each([
    [['--to', 'onnx', '--out', 'x'], 'canonical | saelens'],
    [['--to', 'canonical'], '--out'],
    [['--to', 'canonical', '--out', 'x', '--layers', '1'], 'a layer is chosen twice'],
    [['--to', 'canonical', '--out', 'x', '--degenerate', 'maybe'], 'exclude | error'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await convert(`${source}#0`, ...flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message) as string]);
  });
});
