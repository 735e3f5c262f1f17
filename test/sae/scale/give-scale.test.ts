import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';
import type { CanonicalSae } from '../../../sae/canonical';
import { encodeCanonical, foldSae } from '../../../sae/canonical-file';
import { convertSae } from '../../../sae/convert';
import { describeSae } from '../../../sae/describe';
import type { SaeDescription } from '../../../sae/describe';
import { loadSae } from '../../../sae/load-sae';
import { resolveSaeArgument } from '../../../sae/sae-argument';
import { giveScale } from '../../../sae/scale/give-scale';
import { randomNumbers } from '../../matching/random-features';
import { randomSae, writeLayers } from '../../support/random-sae';
import { ungatedSae, writeExport, writeSaes } from '../../support/ungated-saes';
import { load, put, reconstruct, scratchFolder } from '../support';

const scratch = scratchFolder();
const OPENAI = join(__dirname, '../../fixtures/formats/openai');
const FEATURES = 16;
const VALUES = Array.from({ length: FEATURES }, (_, i) => 0.3 + ((i * 7) % FEATURES) / 4);
const KINDS = ['relu', 'topk', 'ranked'] as const;

async function given(location: string, choice: string): Promise<CanonicalSae> {
  const { source, entry } = await resolveSaeArgument(location);
  return (await giveScale(await loadSae(source, entry), choice, { source, entry })).sae;
}

async function described(location: string, scale?: string): Promise<SaeDescription> {
  const { source, entry } = await resolveSaeArgument(location);
  return describeSae(source, entry, { weights: true, ...(scale !== undefined && { scale }) });
}

/** The same SAE as a canonical file, folded, and read again. */
function refolded(name: string, sae: CanonicalSae): Promise<CanonicalSae> {
  const { tensors } = foldSae(sae, { degenerate: 'exclude', file: name });
  return load(put(scratch, `${name}.safetensors`, Buffer.concat(encodeCanonical(tensors, sae.header).chunks)));
}

function inputs(count: number): number[][] {
  const random = randomNumbers(99);
  return Array.from({ length: count }, () => Array.from({ length: 8 }, () => 4 * (random() - 0.5)));
}

function expectSameOutput(a: CanonicalSae, b: CanonicalSae): void {
  for (const x of inputs(40)) {
    const [before, after] = [reconstruct(a, x), reconstruct(b, x)];
    before.forEach((value, k) => {
      expect(after[k]).toBeCloseTo(value, 5);
    });
  }
}

describe.each(KINDS)('an SAE of kind %s that is folded by a scale from outside', (kind) => {
  const [file] = writeSaes(join(scratch, kind), [ungatedSae(kind, 5)]);
  const folder = writeExport(join(scratch, `${kind}-export`), VALUES);

  it('computes what it did, also once it was written and read', async () => {
    const original = await load(file!);
    for (const choice of [folder, 'threshold:0.25']) {
      const sae = await given(file!, choice);
      expect(sae.header.gauge).toBe('given');
      const { folded } = foldSae(sae, { degenerate: 'error', file: kind });
      expect([...rowOf(folded.decoder, 3)]).not.toEqual([...rowOf(original.decoder, 3)]);
      expectSameOutput(original, await refolded(`${kind}-${choice.length}`, sae));
    }
  });

  it('is folded once: read again, its scale is 1 and folding changes nothing', async () => {
    const sae = await given(file!, folder);
    const once = await refolded(`${kind}-once`, sae);
    const twice = await refolded(`${kind}-twice`, once);
    expect(once.header.gauge).toBe('given');
    expect([...once.scale!]).toEqual(new Array<number>(FEATURES).fill(1));
    for (const name of ['encoder', 'decoder'] as const) expect(twice[name].blocks).toEqual(once[name].blocks);
    expect(twice.selectScale).toEqual(once.selectScale);
    await expect(given(join(scratch, `${kind}-once.safetensors`), folder)).rejects.toThrow(
      'a scale is folded into this SAE already'
    );
  });
});

describe('giving a scale', () => {
  const [file] = writeSaes(join(scratch, 'relu-2'), [ungatedSae('relu', 6)]);

  it('marks features without one, which stay excluded when the folded SAE is read again', async () => {
    const folder = writeExport(
      join(scratch, 'sparse'),
      VALUES.map((value, i) => (i === 3 ? null : i === 9 ? 0 : value))
    );
    const sae = await given(file!, folder);
    expect(sae.header.notes).toEqual([
      '1 of 16 features have no maxActApprox in the export',
      '1 of 16 features have a maxActApprox of 0 or less',
    ]);
    const { folded } = foldSae(sae, { degenerate: 'exclude', file: 'sparse' });
    expect([...folded.excluded.keys()].filter((i) => folded.excluded[i] === 1)).toEqual([3, 9]);
    const again = await refolded('sparse-folded', sae);
    expect([...again.scale!.keys()].filter((i) => again.scale![i] === 0)).toEqual([3, 9]);
    expect(() => foldSae(sae, { degenerate: 'error', file: 'sparse' })).toThrow('with a scale of 0 or less');
  });

  it('refuses to fold when more than half of the features have none', async () => {
    const folder = writeExport(join(scratch, 'few'), VALUES.slice(0, 7));
    const sae = await given(file!, folder);
    expect(() => foldSae(sae, { degenerate: 'exclude', file: 'few' })).toThrow('more than half of the layer');
  });

  it('takes the square root of OpenAI’s mean squares where the file has them', async () => {
    const location = join(OPENAI, 'resid_post_mlp_v5_32k/autoencoders/3.pt');
    const sae = await given(location, 'latents_mean_square');
    expect(sae.scale!.every((value) => value > Math.sqrt(0.1) && value < Math.sqrt(2))).toBe(true);
    expectSameOutputOfOpenai(await load(location), await refolded('openai', sae));
    await expect(given(file!, 'latents_mean_square')).rejects.toThrow(/found format canonical, expected format openai/);
  });

  it('refuses an SAE whose thresholds are its scale, and says so', async () => {
    const [gated] = writeLayers(join(scratch, 'gated'), [randomSae(1)]);
    const giving = given(gated!, 'threshold:2');
    await expect(giving).rejects.toThrow(InputError);
    await expect(giving).rejects.toThrow(/the thresholds of this SAE are its scale .*\. Leave --scale out\./);
  });

  it('puts the layer of the SAE into a path, and needs to know it there', async () => {
    const [, second] = writeSaes(join(scratch, 'layers'), [ungatedSae('relu', 1), ungatedSae('relu', 2)]);
    writeExport(join(scratch, 'exports/1-test'), VALUES, 1);
    expect([...(await given(second!, join(scratch, 'exports/{layer}-test'))).scale!]).toEqual(VALUES);
    const sae = ungatedSae('relu', 1);
    const bytes = Buffer.concat(encodeCanonical({ ...sae, excluded: null }, sae.header).chunks);
    const nameless = put(scratch, 'nameless/sae.safetensors', bytes);
    await expect(given(nameless, join(scratch, '{layer}'))).rejects.toThrow('the layer of the SAE is not known');
  });

  it('is written for SAELens where one number is the scale of all features of a TopK SAE', async () => {
    const [topk] = writeSaes(join(scratch, 'topk-2'), [ungatedSae('topk', 3)]);
    const options = { to: 'saelens', fold: true, degenerate: 'error', file: 'topk' } as const;
    const written = convertSae(await given(topk!, 'threshold:3'), options).map(({ name, chunks }) =>
      put(scratch, `saelens/${name}`, Buffer.concat(chunks))
    );
    expectSameOutput(await load(topk!), await load(written.at(-1)!));
  });
});

describe('the description of an SAE that is given a scale', () => {
  const [file] = writeSaes(join(scratch, 'described'), [ungatedSae('relu', 8)]);

  it('has the scale in place of thresholds, and says whether folding can change a matching', async () => {
    const folder = writeExport(join(scratch, 'described-export'), [...VALUES.slice(0, 15), null]);
    const [own, one, several] = [
      await described(file!),
      await described(file!, 'threshold:2'),
      await described(file!, folder),
    ];
    expect(own).not.toHaveProperty('scale');
    expect(own).toMatchObject({ gauge: 'decoder_norm', theta: null, excluded: 0, fold_changes_result: true });
    expect(one).toMatchObject({ gauge: 'given', theta: null, excluded: 0, fold_changes_result: false });
    expect(one.scale).toEqual({ min: 2, q05: 2, q50: 2, q95: 2, max: 2 });
    expect(several).toMatchObject({ gauge: 'given', theta: null, excluded: 1, fold_changes_result: true });
    expect(several.scale).toMatchObject({ min: 0, max: Math.max(...VALUES.slice(0, 15)) });
    expect(several.notes).toEqual(['1 of 16 features have no maxActApprox in the export']);
  });
});

function expectSameOutputOfOpenai(a: CanonicalSae, b: CanonicalSae): void {
  const random = randomNumbers(4);
  const x = Array.from({ length: a.header.dIn }, () => random() - 0.5);
  reconstruct(a, x).forEach((value, k) => {
    expect(reconstruct(b, x)[k]).toBeCloseTo(value, 4);
  });
}
