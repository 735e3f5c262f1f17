import { join } from 'node:path';
import { foldLayer } from '../../matching/folding';
import { rowOf } from '../../matching/row-matrix';
import { decodeCanonical, encodeCanonical, foldSae } from '../../sae/canonical-file';
import type { CanonicalSae } from '../../sae/canonical';
import { bufferReader } from '../../sae/containers/byte-reader';
import { describeSae } from '../../sae/describe';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { expectedOf, FIXTURES, load, put, scratchFolder, worstDifference } from './support';

const scratch = scratchFolder();
const jumprelu = join(FIXTURES, 'gemma-variants', 'float32-stored');
const plainTensors = (sae: CanonicalSae) => ({ ...sae, excluded: null });

function write(path: string, encoded: ReturnType<typeof encodeCanonical>): string {
  return put(scratch, path, Buffer.concat(encoded.chunks));
}

describe('canonical file', () => {
  it.each(['gemma-variants/float32-stored', 'saelens-variants/v6-standard', 'saelens-variants/bfloat16'])(
    'keeps what %s computes',
    async (name) => {
      const folder = join(FIXTURES, name);
      const original = await load(folder);
      const copy = await load(
        write(`${name}/sae.safetensors`, encodeCanonical(plainTensors(original), original.header))
      );
      expect(worstDifference(copy, expectedOf(folder))).toBeLessThan(1e-5);
      expect(copy.encoder).toEqual(original.encoder);
      expect(copy.decoder).toEqual(original.decoder);
      const { activation, k, gauge, inputNorm, layer, hook } = original.header;
      expect(copy.header).toMatchObject({ format: 'canonical', activation, k, gauge, inputNorm, layer, hook });
    }
  );

  it('holds a folded layer whose thresholds are 1 and which folding again does not change', async () => {
    const sae = await load(jumprelu);
    const { folded, tensors } = foldSae(sae, { degenerate: 'exclude', file: 'x' });
    const copy = await load(write('folded/sae.safetensors', encodeCanonical(tensors, sae.header)));
    expect(copy.threshold).toEqual(new Float64Array(7).fill(1));
    expect(worstDifference(copy, expectedOf(jumprelu))).toBeLessThan(1e-5);
    expect(foldLayer(copy, { fold: true, degenerate: 'error', file: 'x' })).toEqual(folded);
  });

  it('keeps features excluded that could not be folded', async () => {
    const sae = await load(jumprelu);
    const threshold = sae.threshold!.map((value, i) => (i === 2 || i === 5 ? 0 : value));
    const { tensors } = foldSae({ ...sae, threshold }, { degenerate: 'exclude', file: 'x' });
    const file = write('excluded/sae.safetensors', encodeCanonical(tensors, sae.header));
    const copy = await load(file);
    expect(copy.threshold).toEqual(Float64Array.of(1, 1, 0, 1, 1, 0, 1));
    expect(rowOf(copy.decoder, 2).every((value) => value === 0)).toBe(true);
    const { source, entry } = await resolveSaeArgument(file);
    expect(await describeSae(source, entry, { weights: true })).toMatchObject({ excluded: 2, dead: 2 });
  });

  it('has the same bytes every time and only the metadata that is known', async () => {
    const sae = await load(jumprelu);
    const encode = () => Buffer.concat(encodeCanonical(plainTensors(sae), { ...sae.header, layer: 3 }).chunks);
    expect(encode().equals(encode())).toBe(true);
    const { metadata } = await decodeCanonical(bufferReader('x', encode()));
    expect(metadata).toEqual({
      activation: 'jumprelu',
      format: 'canonical',
      gauge: 'theta',
      input_norm: 'none',
      layer: '3',
    });
  });

  it('decodes only the chosen matrix', async () => {
    const sae = await load(jumprelu);
    const bytes = Buffer.concat(encodeCanonical(plainTensors(sae), sae.header).chunks);
    const reader = bufferReader('x', bytes);
    let fetched = 0;
    const counting = {
      ...reader,
      read: (start: number, end: number) => {
        fetched += end - start;
        return reader.read(start, end);
      },
    };
    const decoded = await decodeCanonical(counting, ['decoder']);
    expect(decoded.encoder).toBeNull();
    expect(decoded.decoder).toEqual(sae.decoder);
    expect(decoded.excluded).toEqual(new Uint8Array(7));
    expect(fetched).toBe(bytes.length - 7 * 5 * 4);
  });

  it('refuses a value that does not fit float32', async () => {
    const sae = await load(jumprelu);
    const decoderBias = Float64Array.of(1e300, 0, 0, 0, 0);
    expect(() => encodeCanonical({ ...plainTensors(sae), decoderBias }, sae.header)).toThrow(/b_dec.*1e\+300/);
  });

  it('refuses incomplete metadata by name', async () => {
    const sae = await load(jumprelu);
    const text = Buffer.concat(encodeCanonical(plainTensors(sae), sae.header).chunks).toString('latin1');
    const changed = Buffer.from(text.replace('"gauge":"theta"', '"gauge":"other"'), 'latin1');
    await expect(load(put(scratch, 'gauge/sae.safetensors', changed))).rejects.toThrow(/metadata gauge.*other/);
  });
});
