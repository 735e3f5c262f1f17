import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';
import { resolveSaeArgument } from '../../../sae/sae-argument';
import { copyFixture, expectedOf, FIXTURES, load, put, reconstruct, scratchFolder, worstDifference } from '../support';
import { float32Npy, zipOf } from '../zip-writer';
import type { MemberToWrite } from '../zip-writer';

const VARIANTS = join(FIXTURES, 'gemma-variants');
const scratch = scratchFolder();

/** A complete SAE of 3 features and d = 2, with some members replaced or removed. */
function archiveWith(changes: Record<string, MemberToWrite | null>, added: readonly MemberToWrite[] = []): Buffer {
  const ramp = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
  const arrays: Record<string, number[]> = { W_enc: [2, 3], W_dec: [3, 2], b_enc: [3], b_dec: [2], threshold: [3] };
  const members = Object.entries(arrays).map(([name, shape]) => ({
    name: `${name}.npy`,
    content: float32Npy(shape, ramp(shape.reduce((a, b) => a * b))),
  }));
  const kept = members.flatMap((member) => {
    const change = changes[member.name.slice(0, -4)];
    return change === null ? [] : [change ?? member];
  });
  return zipOf([...kept, ...added]);
}

function array(name: string, shape: number[], values: number[]): Record<string, MemberToWrite> {
  return { [name]: { name: `${name}.npy`, content: float32Npy(shape, values) } };
}

describe('Gemma Scope', () => {
  it.each(readdirSync(VARIANTS))('computes the same reconstruction as numpy from %s', async (variant) => {
    const folder = join(VARIANTS, variant);
    const sae = await load(folder);
    expect(worstDifference(sae, expectedOf(folder))).toBeLessThan(1e-6);
    expect(sae.header).toMatchObject({
      format: 'gemma-scope',
      activation: 'jumprelu',
      gauge: 'theta',
      inputNorm: 'none',
    });
  });

  it('keeps float16 exactly in float32 and float64 unrounded', async () => {
    expect((await load(join(VARIANTS, 'float16-deflated'))).decoder.blocks[0]).toBeInstanceOf(Float32Array);
    const wide = await load(join(VARIANTS, 'float64'));
    expect(wide.decoder.blocks[0]).toBeInstanceOf(Float64Array);
    expect(rowOf(wide.decoder, 0).some((value) => value !== Math.fround(value))).toBe(true);
    expect(wide.header.dtype).toBe('float64');
  });

  it('reads the same weights from both orders, both byte layouts and a square SAE', async () => {
    const [plain, fortran] = await Promise.all(['square', 'fortran-square'].map((name) => load(join(VARIANTS, name))));
    expect(fortran!.encoder).toEqual(plain!.encoder);
    expect(fortran!.decoder).toEqual(plain!.decoder);
  });

  it('scales an embedding SAE to raw units: inputs times sqrt(d) give outputs times sqrt(d)', async () => {
    const plainFolder = copyFixture(
      'gemma-source/embedding/width_7/average_l0_5',
      join(scratch, 'layer_0', 'width_7', 'average_l0_5')
    );
    const plain = await load(plainFolder);
    const embedding = await load(join(FIXTURES, 'gemma-source/embedding'));
    expect(embedding.header).toMatchObject({ layer: null, hook: 'hook_embed' });
    for (const input of expectedOf(join(VARIANTS, 'float32-stored')).inputs) {
      const scaled = reconstruct(
        embedding,
        input.map((x) => x * Math.sqrt(5))
      );
      const expected = reconstruct(plain, input).map((x) => x * Math.sqrt(5));
      const differences = scaled.map((value, k) => Math.abs(value - expected[k]!));
      expect(Math.max(...differences)).toBeLessThan(1e-9);
    }
  });

  it('takes the hook point from the name of the repository', async () => {
    const folder = join(scratch, 'gemma-scope-2b-pt-att', 'layer_3', 'width_7', 'canonical');
    mkdirSync(folder, { recursive: true });
    const { entry } = await resolveSaeArgument(copyFixture('gemma-variants/square', folder));
    expect(entry.header).toMatchObject({ layer: 3, hook: 'blocks.3.attn.hook_z' });
  });

  it('treats a negative threshold as 0 and says so', async () => {
    const archive = archiveWith(array('threshold', [3], [0.5, -0.5, 0]));
    const sae = await load(put(scratch, 'negative/params.npz', archive));
    expect(sae.threshold).toEqual(Float64Array.of(0.5, 0, 0));
    expect(sae.header.notes.join()).toMatch(/1 thresholds are negative/);
  });

  it.each([
    [
      'a missing tensor',
      archiveWith({ b_enc: null }),
      /b_enc: a tensor is missing \(found W_enc, W_dec, b_dec, threshold/,
    ],
    [
      'a decoder of another width',
      archiveWith(array('W_dec', [2, 2], [1, 2, 3, 4])),
      /W_dec.*found 2 x 2, expected 3 x 2/,
    ],
    ['a bias of another width', archiveWith(array('b_enc', [2], [1, 2])), /b_enc.*found 2, expected 3/],
    [
      'a threshold of another width',
      archiveWith(array('threshold', [4], [1, 2, 3, 4])),
      /threshold.*found 4, expected 3/,
    ],
    ['a matrix of three dimensions', archiveWith(array('W_enc', [2, 3, 1], [1, 2, 3, 4, 5, 6])), /W_enc.*2 x 3 x 1/],
    ['NaN', archiveWith(array('W_enc', [2, 3], [1, 2, 3, 4, NaN, 6])), /W_enc.*NaN at feature 1, element 1/],
    ['infinity', archiveWith(array('b_dec', [2], [1, Infinity])), /b_dec.*Infinity at index 1/],
    ['NaN thresholds', archiveWith(array('threshold', [3], [1, NaN, 1])), /threshold.*NaN at index 1/],
  ])('refuses %s and names file and tensor', async (_, archive, message) => {
    const file = put(scratch, 'bad/params.npz', archive);
    await expect(load(file)).rejects.toThrow(InputError);
    await expect(load(file)).rejects.toThrow(message);
    await expect(load(file)).rejects.toThrow(file);
  });

  it('refuses factors of a finetuned SAE that are not all ones', async () => {
    const scaling = { name: 'scaling_factor.npy', content: float32Npy([3], [1, 2, 1]) };
    const changed = archiveWith({}, [scaling]);
    await expect(load(put(scratch, 'scaled/params.npz', changed))).rejects.toThrow(/scaling_factor.*2 at feature 1/);
  });
});
