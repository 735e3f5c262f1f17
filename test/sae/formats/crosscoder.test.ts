import { foldLayer } from '../../../matching/folding';
import { rowOf } from '../../../matching/row-matrix';
import type { CanonicalSae } from '../../../sae/canonical';
import { CONVERSIONS, convertSae } from '../../../sae/convert';
import { cases, loadOf, TOLERANCE } from '../library-cases';
import type { ExpectedSae } from '../library-cases';

const sites = cases.filter(([, , { joint }]) => joint === 'encoder');
const crosscoders = sites.filter(([, , { site }]) => site === 0);

/** All sites of a crosscoder, with what is expected of each. */
async function allOf(folder: string, path: string): Promise<{ saes: CanonicalSae[]; expected: ExpectedSae[] }> {
  const expected = sites.flatMap(([, of, sae]) => (of === folder && sae.path === path ? [sae] : []));
  return { saes: await Promise.all(expected.map(({ site }) => loadOf(folder, path, site))), expected };
}

/** W_enc[0]·x_0 + … + b_enc for each feature: every site has a part in it. */
function preActivations(saes: readonly CanonicalSae[], inputs: readonly (readonly number[])[]): number[] {
  return Array.from(saes[0]!.encoderBias, (bias, feature) =>
    saes.reduce((sum, { encoder }, site) => {
      const row = rowOf(encoder, feature);
      return inputs[site]!.reduce((part, x, n) => part + x * row[n]!, sum);
    }, bias)
  );
}

function gated({ threshold }: CanonicalSae, pre: readonly number[]): number[] {
  return pre.map((value, feature) => (value > threshold![feature]! ? Math.max(0, value) : 0));
}

function decoded({ decoder, decoderBias }: CanonicalSae, activations: readonly number[]): number[] {
  return Array.from(decoderBias, (bias, n) =>
    activations.reduce((sum, value, feature) => sum + value * rowOf(decoder, feature)[n]!, bias)
  );
}

const difference = (found: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((value, n) => Math.abs(found[n]! - value) / Math.max(1, Math.abs(value))));

/** Of all sites and inputs, where each site decodes what the encoders of all sites together have found. */
function worstOfAll(saes: readonly CanonicalSae[], expected: readonly ExpectedSae[]): { acts: number; output: number } {
  const worst = { acts: 0, output: 0 };
  for (const row of expected[0]!.input.keys()) {
    const inputs = expected.map(({ input }) => input[row]!);
    const pre = preActivations(saes, inputs);
    for (const [site, sae] of saes.entries()) {
      const acts = gated(sae, pre);
      worst.acts = Math.max(worst.acts, difference(acts, expected[site]!.feature_acts![row]!));
      worst.output = Math.max(worst.output, difference(decoded(sae, acts), expected[site]!.output[row]!));
    }
  }
  return worst;
}

/** The SAE that is matched: rows of the scale that folding gives them. */
function folded(sae: CanonicalSae, file: string): CanonicalSae {
  const rows = foldLayer(sae, { fold: true, degenerate: 'error', file });
  const threshold = new Float64Array(rows.features).fill(sae.header.gauge === 'theta' ? 1 : 0);
  return { ...sae, ...rows, encoderBias: Float64Array.from(rows.encoderBias), threshold };
}

describe('the sites of a crosscoder', () => {
  it('are there for both formats, each with several', () => {
    expect(new Set(sites.map(([, , { format }]) => format))).toEqual(new Set(['crosscoder', 'dictionary-learning']));
    expect(crosscoders.length).toBeGreaterThan(8);
  });

  it.each(crosscoders)('compute together what the library does: %s', async (_, folder, { path, sites: count }) => {
    const { saes, expected } = await allOf(folder, path);
    expect(saes).toHaveLength(count!);
    const worst = worstOfAll(saes, expected);
    expect(worst.acts).toBeLessThan(TOLERANCE);
    expect(worst.output).toBeLessThan(TOLERANCE);
  });

  it.each(crosscoders)('are wrong with one encoder alone, as their notes say: %s', async (_, folder, { path }) => {
    const { saes, expected } = await allOf(folder, path);
    const alone = saes.map((sae) => ({ ...sae, encoder: saes[0]!.encoder }));
    expect(worstOfAll(alone, expected).output).toBeGreaterThan(0.1);
    for (const { header } of saes) {
      expect(header.notes[0]).toContain(`one of ${saes.length} sites of a crosscoder: the encoders of all sites`);
    }
  });

  it.each(crosscoders)('that share a threshold are folded by one scale: %s', async (name, folder, { path }) => {
    const { saes, expected } = await allOf(folder, path);
    if (saes.some(({ header }) => header.gauge !== 'theta')) return;
    const copies = saes.map((sae) => folded(sae, name));
    // Folding scales activations by 1/θ, and decoders by θ: what they give together stays.
    expect(worstOfAll(copies, expected).output).toBeLessThan(TOLERANCE);
  });

  it.each(sites)('are not written as SAEs of their own: %s', async (name, folder, { path, site }) => {
    const sae = await loadOf(folder, path, site);
    for (const to of CONVERSIONS) {
      const convert = (): unknown => convertSae(sae, { to, fold: false, degenerate: 'exclude', file: name });
      expect(convert).toThrow(/one site of a crosscoder is no SAE .* expected an SAE whose own encoder decides/);
    }
  });
});

describe('the header of a site', () => {
  const notesOf = async (folder: string, path: string, site: number): Promise<string> =>
    (await loadOf(folder, path, site)).header.notes.join('\n');

  it('names the hook point of all sites, and numbers what one layer is to several models', async () => {
    const { header } = await loadOf('crosscoder', 'blocks.14.hook_resid_pre', 1);
    const facts = { layer: 1, hook: 'blocks.14.hook_resid_pre', activation: 'relu', gauge: 'decoder_norm', k: null };
    expect(header).toMatchObject({ ...facts, dtype: 'float32' });
    expect(header.notes).toEqual([
      expect.stringContaining('one of 2 sites'),
      'the scale that is folded is the decoder norm at this site, which is another at each',
      'its layer is the number of its site in the file: its configuration names layer 14 for all',
      expect.stringContaining('read with scale 1'),
    ]);
  });

  it('says which threshold folds it', async () => {
    const folder = 'dictionary-learning-crosscoder-batchtopk';
    expect((await loadOf(folder, 'sum', 0)).header).toMatchObject({ activation: 'batchtopk', gauge: 'theta', k: 4 });
    expect(await notesOf(folder, 'sum', 0)).toContain('is the threshold that all its sites share');
    expect(await notesOf(folder, 'decoupled', 1)).toContain('is the threshold of this site');
    // Of the same crosscoder, whose third site has a threshold that was never set.
    expect(await notesOf(folder, 'decoupled', 2)).toContain('its threshold was never set');
    expect(await notesOf(folder, 'never-set', 0)).toContain('its threshold was never set');
    expect(await notesOf('dictionary-learning-crosscoder', 'crosscoder', 0)).toContain('is the decoder norm');
  });
});
