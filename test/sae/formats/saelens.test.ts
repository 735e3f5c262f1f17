import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { resolveSaeArgument } from '../../../sae/sae-argument';
import { copyFixture, expectedOf, FIXTURES, load, put, scratchFolder, worstDifference } from '../support';

const VARIANTS = join(FIXTURES, 'saelens-variants');
const scratch = scratchFolder();
let copies = 0;

/** A copy of a variant with some fields of its configuration changed; undefined removes one. */
function withConfig(variant: string, changes: Record<string, unknown>): string {
  const folder = copyFixture(`saelens-variants/${variant}`, join(scratch, `copy-${copies++}`));
  const config = JSON.parse(readFileSync(join(folder, 'cfg.json'), 'utf8')) as Record<string, unknown>;
  put(folder, 'cfg.json', JSON.stringify({ ...config, ...changes }));
  return folder;
}

describe('SAELens', () => {
  it.each(readdirSync(VARIANTS))('computes the same reconstruction as numpy from %s', async (variant) => {
    const folder = join(VARIANTS, variant);
    expect(worstDifference(await load(folder), expectedOf(folder))).toBeLessThan(1e-6);
  });

  it('subtracts b_dec from the input unless the configuration says no', async () => {
    const implied = withConfig('v6-jumprelu-subtracting', { apply_b_dec_to_input: undefined });
    const expected = expectedOf(join(VARIANTS, 'v6-jumprelu-subtracting'));
    expect(worstDifference(await load(implied), expected)).toBeLessThan(1e-6);
    const never = withConfig('v6-jumprelu-subtracting', { apply_b_dec_to_input: false });
    expect(worstDifference(await load(never), expected)).toBeGreaterThan(0.1);
  });

  it('reads layer, hook, activation and gauge of version 6 and of older configurations', async () => {
    const { entry: recent } = await resolveSaeArgument(join(VARIANTS, 'v6-jumprelu'));
    expect(recent).toMatchObject({ layer: 4, format: 'saelens' });
    expect(recent.header).toMatchObject({
      hook: 'blocks.4.hook_resid_post',
      activation: 'jumprelu',
      gauge: 'theta',
      features: 7,
      dIn: 5,
    });
    const { entry: old } = await resolveSaeArgument(join(VARIANTS, 'old-standard'));
    expect(old.layer).toBe(6);
    expect(old.header).toMatchObject({ hook: 'blocks.6.hook_mlp_out', activation: 'relu', gauge: 'decoder_norm' });
    expect(old.files.map(({ path }) => path)).toEqual(['cfg.json', 'sae_weights.safetensors']);
  });

  it('gives a ReLU SAE the threshold 0', async () => {
    expect((await load(join(VARIANTS, 'v6-standard'))).threshold).toEqual(new Float64Array(7));
  });

  it('names the stored type and the declared normalisation', async () => {
    expect((await load(join(VARIANTS, 'bfloat16'))).header.dtype).toBe('bfloat16');
    const { header } = await load(join(VARIANTS, 'average-norm'));
    expect(header.inputNorm).toBe('expected_average_only_in');
    expect(header.notes.join()).toMatch(/scale 1/);
  });

  it('finds cfg.json beside a weights file that is named directly', async () => {
    const sae = await load(join(VARIANTS, 'v6-jumprelu', 'sae_weights.safetensors'));
    expect(sae.header.hook).toBe('blocks.4.hook_resid_post');
  });

  it.each([
    ['architecture', 'temporal'],
    ['architecture', 'matching_pursuit'],
    ['architecture', 'constructor'],
    ['architecture', 'temporal_transcoder'],
    ['normalize_activations', 'constant_scalar_rescale'],
  ])('refuses %s %s by name', async (field, value) => {
    const folder = withConfig('v6-jumprelu', { [field]: value });
    await expect(load(folder)).rejects.toThrow(InputError);
    await expect(load(folder)).rejects.toThrow(
      `${field}: this kind of SAE is not supported by this version (found ${value}`
    );
  });

  it.each([
    ['gated', 'r_mag'],
    ['topk', 'k'],
    ['jumprelu_transcoder', 'd_out'],
  ])('names what an SAE of architecture %s lacks: %s', async (architecture, field) => {
    await expect(load(withConfig('v6-jumprelu', { architecture }))).rejects.toThrow(`${field}: `);
  });

  it('refuses an activation of an old configuration that it does not know', async () => {
    await expect(load(withConfig('old-standard', { activation_fn_str: 'tanh-relu' }))).rejects.toThrow(
      /found tanh-relu/
    );
  });

  it.each([
    ['d_sae', 8, /W_enc.*found 5 x 7, expected 5 x 8/],
    ['d_sae', 'many', /d_sae.*positive integer/],
    ['d_in', undefined, /d_in.*found nothing/],
    ['apply_b_dec_to_input', 'yes', /apply_b_dec_to_input.*true or false/],
  ])('refuses a configuration whose %s is %s', async (field, value, message) => {
    await expect(load(withConfig('v6-jumprelu', { [field]: value }))).rejects.toThrow(message);
  });

  it('refuses a JumpReLU SAE without a threshold', async () => {
    await expect(load(withConfig('v6-standard', { architecture: 'jumprelu' }))).rejects.toThrow(/threshold/);
  });

  it('refuses a missing, empty or broken cfg.json and names it', async () => {
    const folder = withConfig('v6-jumprelu', {});
    put(folder, 'cfg.json', '{"d_in": 5,');
    await expect(load(folder)).rejects.toThrow(/cfg\.json: the configuration cannot be read/);
    put(folder, 'cfg.json', '');
    await expect(load(folder)).rejects.toThrow(/an empty file/);
    const bare = join(scratch, 'bare');
    put(bare, 'sae_weights.safetensors', readFileSync(join(folder, 'sae_weights.safetensors')));
    await expect(load(bare)).rejects.toThrow(/cfg\.json: a file is missing/);
  });
});
