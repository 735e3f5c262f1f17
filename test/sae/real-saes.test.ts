import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CanonicalSae } from '../../sae/canonical';
import { listSaes } from '../../sae/catalogue';
import { loadSae } from '../../sae/load-sae';
import { describeSae } from '../../sae/describe';
import { selectLayers } from '../../sae/select/layers';
import { openSource } from '../../sae/sources/open-source';
import { load, REPOSITORY } from './support';

describe('the example SAEs', () => {
  it('have unit decoder rows, positive thresholds and no dead feature in layer 0', async () => {
    const source = await openSource(join(REPOSITORY, 'examples', 'minilm-l6'));
    const [entry] = selectLayers(await listSaes(source), [0]);
    const described = await describeSae(source, entry!, { weights: true });
    expect(described).toMatchObject({ features: 1024, d_in: 384, excluded: 0, dead: 0, dtype: 'float16' });
    expect(described.theta!.min).toBeCloseTo(0.237, 3);
    expect(described.theta!.max).toBeCloseTo(1.754, 3);
    expect(described.decoder_norm!.q50).toBeCloseTo(1, 3);
  });
});

const data = process.env.SAE_MATCH_DATA;
const whenPresent = data !== undefined && existsSync(join(data, 'narrow-saelens')) ? describe : describe.skip;

whenPresent('the larger data set', () => {
  it.each([0, 1])('has bit-equal weights of layer %i in both formats', async (layer) => {
    const lens = await load(join(data!, 'narrow-saelens', `layer_${layer}`));
    const gemma = await load(join(data!, 'narrow', `layer_${layer}`));
    expect([lens.header.format, gemma.header.format]).toEqual(['saelens', 'gemma-scope']);
    const arrays = ({ encoder, decoder, encoderBias, decoderBias, threshold }: CanonicalSae) => {
      const all = [...encoder.blocks, ...decoder.blocks, encoderBias, decoderBias, threshold!];
      return all.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
    };
    const others = arrays(gemma);
    expect(arrays(lens).map((bytes, i) => bytes.equals(others[i]!))).toEqual([true, true, true, true, true]);
  });

  it('loads every layer of the wide sets', async () => {
    for (const set of ['wide', 'wide-ckpt2']) {
      const source = await openSource(join(data!, set));
      for (const entry of selectLayers(await listSaes(source), null)) {
        const sae = await loadSae(source, entry);
        expect([sae.encoder.rows, sae.decoder.columns, sae.header.layer]).toEqual([4096, 384, entry.layer]);
      }
    }
  });
});
