import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, floatTensor } from '../../../sae/containers/safetensors-writer';
import { listSaes } from '../../../sae/catalogue';
import type { CatalogueEntry } from '../../../sae/catalogue-entry';
import { loadSae } from '../../../sae/load-sae';
import { openSource } from '../../../sae/sources/open-source';
import { put, scratchFolder } from '../support';

const scratch = scratchFolder();
const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'formats');

/** A copy of a fixture, with some fields of its configuration changed. */
function changed(name: string, config: string, change: (fields: Record<string, unknown>) => unknown): string {
  const folder = join(scratch, `${name.replaceAll('/', '-')}-${Math.random()}`);
  cpSync(join(FIXTURES, name), folder, { recursive: true });
  const fields = JSON.parse(readFileSync(join(folder, config), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(folder, config), JSON.stringify(change(fields)));
  return folder;
}

const CC = 'crosscoder/blocks.14.hook_resid_pre';
const DL = 'dictionary-learning-crosscoder/crosscoder';
const listed = async (folder: string): Promise<readonly CatalogueEntry[]> => listSaes(await openSource(folder));
const errorOf = async (folder: string): Promise<string> => {
  const entries = await listed(folder);
  expect(entries.every(({ error }) => error !== null)).toBe(true);
  return entries[0]!.error!.message;
};

describe('the layers of the sites', () => {
  it('are those that the configuration lists for each', async () => {
    const hooks = ['blocks.3.hook_resid_pre', 'blocks.7.hook_resid_pre'];
    const byHook = await listed(changed(CC, 'cfg.json', (fields) => ({ ...fields, hook_point: hooks })));
    expect(byHook.map(({ layer, header }) => [layer, header!.hook])).toEqual([
      [3, hooks[0]],
      [7, hooks[1]],
    ]);
    const trainer = (fields: Record<string, unknown>): unknown => ({ ...(fields.trainer as object), layer: [5, 9] });
    const byLayer = await listed(changed(DL, 'config.json', (fields) => ({ trainer: trainer(fields) })));
    expect(byLayer.map(({ layer }) => layer)).toEqual([5, 9]);
    expect([...byHook, ...byLayer].flatMap(({ header }) => header!.notes).join('\n')).not.toContain(
      'number of its site'
    );
  });

  it('are their numbers where the list names one twice, or nothing names any', async () => {
    const twice = await listed(changed(CC, 'cfg.json', (fields) => ({ ...fields, layers: [14, 14] })));
    expect(twice.map(({ layer }) => layer)).toEqual([0, 1]);
    expect(twice[0]!.header!.notes.join('\n')).toContain('its configuration names layer 14 for all');
    const none = await listed(changed(CC, 'cfg.json', () => ({})));
    expect(none.map(({ layer }) => layer)).toEqual([0, 1]);
    expect(none[0]!.header!.notes.join('\n')).toContain('nothing names a layer of its own for each');
  });

  it('must be one for each site', async () => {
    expect(await errorOf(changed(CC, 'cfg.json', (fields) => ({ ...fields, layers: [1, 2, 3] })))).toMatch(
      /cfg\.json: layers: the configuration does not fit the weights \(found \[1,2,3\], expected one entry for each of 2 sites\)/
    );
  });
});

/** A crosscoder in safetensors, from shapes. Values are of no importance. */
function written(
  shapes: Readonly<Record<string, readonly number[]>>,
  config: unknown = {},
  { name = 'ae', filled = {} }: { name?: string; filled?: Readonly<Record<string, number>> } = {}
): string {
  const folder = join(scratch, `written-${Math.random()}`);
  const tensors = Object.entries(shapes).map(([tensor, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return floatTensor(tensor, shape, [Float32Array.from({ length: count }, (_, i) => filled[tensor] ?? 1 + (i % 7))]);
  });
  put(folder, `${name}.safetensors`, Buffer.concat(encodeSafetensors(tensors, {}).chunks));
  put(folder, 'config.json', JSON.stringify(config));
  put(folder, 'cfg.json', JSON.stringify(config));
  return folder;
}

const DL_SHAPES = {
  'encoder.weight': [2, 3, 5],
  'encoder.bias': [5],
  'decoder.weight': [2, 5, 3],
  'decoder.bias': [2, 3],
};
const CC_SHAPES = { W_enc: [2, 3, 5], b_enc: [5], W_dec: [5, 2, 3], b_dec: [2, 3] };
const without = (shapes: object, name: string): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(shapes).filter(([key]) => key !== name));

describe('a crosscoder in safetensors, with the configuration of the Hugging Face Hub', () => {
  it('is read as one in a file of torch.save', async () => {
    const config = { activation_dim: 3, dict_size: 5, num_layers: 2 };
    const entries = await listed(written(DL_SHAPES, config, { name: 'model' }));
    expect(entries.map(({ format, part, error }) => [format, part, error])).toEqual([
      ['dictionary-learning', '0', null],
      ['dictionary-learning', '1', null],
    ]);
    expect(entries[0]!.header!.notes.join('\n')).toContain('read as CrossCoder');
  });
});

describe('a feature of a BatchTopK crosscoder that has no decoder', () => {
  it('has no scale of infinity: folding leaves it out', async () => {
    const folder = written({ ...DL_SHAPES, threshold: [] }, {}, { filled: { 'decoder.weight': 0 } });
    const source = await openSource(folder);
    const [entry] = await listSaes(source);
    expect(entry!.header).toMatchObject({ gauge: 'theta' });
    expect([...(await loadSae(source, entry!)).threshold!]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('a crosscoder is refused', () => {
  it.each([
    ['whose encoder has two axes', { ...DL_SHAPES, 'encoder.weight': [3, 5] }, /encoder\.weight: .*found 3 x 5/],
    ['whose decoder has two axes', { ...CC_SHAPES, W_dec: [5, 3] }, /W_dec: .*found 5 x 3, expected 5 x 2 x 3/],
    ['with a decoder for other sites', { ...DL_SHAPES, 'decoder.weight': [3, 5, 3] }, /expected 2 x 5 x 3/],
    ['with its sites in another axis', { ...CC_SHAPES, W_dec: [2, 5, 3] }, /found 2 x 5 x 3, expected 5 x 2 x 3/],
    ['with one bias for all decoders', { ...CC_SHAPES, b_dec: [3] }, /b_dec: .*found 3, expected 2 x 3/],
    ['with a bias for each encoder', { ...DL_SHAPES, 'encoder.bias': [2, 5] }, /found 2 x 5, expected 5/],
    ['without biases', without(CC_SHAPES, 'b_enc'), /b_enc: a tensor is missing/],
    ['without biases of its decoders', without(DL_SHAPES, 'decoder.bias'), /decoder\.bias: a tensor is missing/],
    [
      'with a threshold that its format has not',
      { ...CC_SHAPES, log_threshold: [5] },
      /log_threshold: .*not supported/,
    ],
    ['with tensors of another class', { ...DL_SHAPES, mask: [5] }, /mask: .*not supported/],
    ['with a threshold for each feature', { ...DL_SHAPES, threshold: [5] }, /threshold: .*expected a scalar/],
    [
      'that normalises',
      { ...DL_SHAPES, activation_mean: [2, 3], activation_std: [2, 3] },
      /are normalised, expected NaN/,
    ],
  ])('%s', async (_, shapes, message) => {
    expect(await errorOf(written(shapes))).toMatch(message);
  });

  it('where its configuration has other sizes', async () => {
    const sizes = [
      [DL_SHAPES, { num_layers: 3 }, /num_layers: .*found 3, expected 2/],
      [DL_SHAPES, { trainer: { dict_size: 6 } }, /dict_size: .*found 6, expected 5/],
      [CC_SHAPES, { n_models: 4 }, /n_models: .*found 4, expected 2/],
    ] as const;
    for (const [shapes, config, message] of sizes) expect(await errorOf(written(shapes, config))).toMatch(message);
  });

  it('with a code normalisation that is not known', async () => {
    const shapes = { ...DL_SHAPES, threshold: [], code_normalization_id: [] };
    expect(await errorOf(written(shapes, {}, { filled: { code_normalization_id: 6 } }))).toMatch(
      /code_normalization_id: .*found 6, expected 1 \(CROSSCODER\), .*5 \(DECOUPLED\)/
    );
  });

  it('where its configuration names what would be read wrongly', async () => {
    const fields = [
      [CC_SHAPES, { activation: 'topk' }, /activation: .*found topk, expected relu/],
      [CC_SHAPES, { k: 32 }, /k: .*found 32/],
      [DL_SHAPES, { trainer: { dict_class: 'DedicatedFeatureBatchTopKCrossCoder' } }, /dict_class/],
      [DL_SHAPES, { encoder_layers: [1, 0] }, /encoder_layers: .*expected all layers in their order/],
      [{ ...DL_SHAPES, threshold: [] }, { code_normalization: 'OTHER' }, /code_normalization: .*found OTHER/],
    ] as const;
    for (const [shapes, config, message] of fields) expect(await errorOf(written(shapes, config))).toMatch(message);
  });

  it('where a configuration of a crosscoder lies beside weights of none', async () => {
    const flat = { 'encoder.weight': [5, 3], 'encoder.bias': [5], 'decoder.weight': [3, 5], 'decoder.bias': [3] };
    expect(await errorOf(written(flat, { trainer: { dict_class: 'CrossCoder' } }))).toContain(
      'sites x d_model x features'
    );
  });
});
