import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, UsageError } from '../../matching/errors';
import { listSaes } from '../../sae/catalogue';
import { loadSae } from '../../sae/load-sae';
import { openSource } from '../../sae/sources/open-source';
import { copyFixture, FIXTURES, LFS_POINTER, put, REPOSITORY, scratchFolder } from './support';

const scratch = scratchFolder();
const gemma = join(FIXTURES, 'gemma-source');
const params = (folder: string) => readFileSync(join(FIXTURES, folder, 'params.npz'));

async function list(location: string, format?: string) {
  return listSaes(await openSource(location), format === undefined ? {} : { format });
}

describe('listSaes', () => {
  it('lists the SAEs of a Gemma Scope folder by layer, those without a layer last', async () => {
    const entries = await list(gemma);
    expect(entries.map(({ path, layer }) => [path, layer])).toEqual([
      ['layer_0/width_7/average_l0_3', 0],
      ['layer_2/width_7/average_l0_4', 2],
      ['layer_3/width_7/canonical', 3],
      ['layer_10/width_7/average_l0_2', 10],
      ['embedding/width_7/average_l0_5', null],
    ]);
    expect(entries[0]).toMatchObject({ format: 'gemma-scope', part: null, error: null });
    const path = 'layer_0/width_7/average_l0_3/params.npz';
    expect(entries[0]!.files).toMatchObject([{ path, bytes: statSync(join(gemma, path)).size }]);
  });

  it('takes the layer from the location itself where the path inside it has none', async () => {
    expect((await list(join(gemma, 'layer_2', 'width_7')))[0]!.layer).toBe(2);
    expect((await list(join(gemma, 'layer_2/width_7/average_l0_4/params.npz')))[0]!.layer).toBe(2);
  });

  it('lists the example SAEs of the repository', async () => {
    const entries = await list(join(REPOSITORY, 'examples', 'minilm-l6'));
    expect(entries.map(({ layer, error }) => [layer, error])).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((layer) => [layer, null])
    );
    expect(entries[0]!.header).toMatchObject({ features: 1024, dIn: 384, dOut: 384, dtype: 'float16' });
  });

  it('recognises files by their content, whatever they are called', async () => {
    const folder = join(scratch, 'renamed');
    put(folder, 'layer_4.safetensors', params('gemma-variants/zip64'));
    put(folder, 'weights-layer', params('gemma-variants/float64'));
    put(folder, 'notes.npy', 'not an SAE');
    put(folder, 'optimizer.bin', 'not an SAE either');
    const entries = await list(folder);
    expect(entries.map(({ path, layer, format }) => [path, layer, format])).toEqual([
      ['layer_4.safetensors', 4, 'gemma-scope'],
      ['weights-layer', null, 'gemma-scope'],
    ]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['empty', '', /the file is empty/],
    ['a Git LFS pointer', LFS_POINTER, /Git LFS pointer.*stands for 302055424 bytes.*git lfs pull/],
    ['truncated', params('gemma-variants/float32-stored').subarray(0, 700), /zip archive cannot be read.*truncated/],
    ['a web page', '<!doctype html><title>Login</title>', /begin with "<!doctype html>/],
  ])('keeps listing when one file is %s, and says so in its entry', async (name, content, message) => {
    const folder = copyFixture('gemma-source', join(scratch, `broken ${name}`));
    const file = put(folder, 'layer_2/width_7/average_l0_4/params.npz', content);
    const entries = await list(folder);
    expect(entries).toHaveLength(5);
    const broken = entries[1]!;
    expect(broken).toMatchObject({
      format: 'gemma-scope',
      path: 'layer_2/width_7/average_l0_4',
      layer: 2,
      header: null,
    });
    expect(broken.error).toBeInstanceOf(InputError);
    expect(broken.error!.message).toMatch(message);
    expect(broken.error!.message).toContain(file);
    await expect(loadSae(await openSource(folder), broken)).rejects.toThrow(broken.error!);
    expect(entries.filter(({ error }) => error !== null)).toHaveLength(1);
  });

  it('takes the layer of damaged SAELens weights from cfg.json', async () => {
    const folder = copyFixture('saelens-variants/v6-jumprelu', join(scratch, 'damaged'));
    put(folder, 'sae_weights.safetensors', '');
    const [entry] = await list(folder);
    expect(entry).toMatchObject({ format: 'saelens', layer: 4, header: null });
    expect(entry!.error!.message).toMatch(/the file is empty/);
  });

  it('reports a damaged file of an unknown format too', async () => {
    const folder = copyFixture('gemma-source', join(scratch, 'stray'));
    put(folder, 'layer_7/other.safetensors', 'short');
    const entry = (await list(folder)).find(({ layer }) => layer === 7);
    expect(entry).toMatchObject({ format: null, path: 'layer_7/other.safetensors', header: null });
    await expect(loadSae(await openSource(folder), entry!)).rejects.toThrow(/begin with "short"/);
  });

  it.each([
    'formats/llama-scope/Llama3_1-8B-Base-L8R-8x/hyperparams.json',
    'sae/saelens-variants/v6-jumprelu/cfg.json',
  ])('says what to name where a configuration is named: %s', async (file) => {
    await expect(list(join(FIXTURES, '..', file))).rejects.toThrow(InputError);
    await expect(list(join(FIXTURES, '..', file))).rejects.toThrow(
      /a configuration, not the weights.*folder that holds/
    );
  });

  it('takes a number that no model has layers of for something else', async () => {
    const folder = join(scratch, 'dated');
    put(folder, 'layer_20240131/params.npz', params('gemma-variants/square'));
    put(folder, `layer_${'9'.repeat(200)}/params.npz`, 'short');
    const entries = await list(folder);
    expect(entries.map(({ layer, header }) => [layer, header?.layer])).toEqual([
      [null, null],
      [null, undefined],
    ]);
  });

  it('reports an unsupported SAE with its layer', async () => {
    const folder = copyFixture('saelens-variants/v6-jumprelu', join(scratch, 'temporal'));
    const config = readFileSync(join(folder, 'cfg.json'), 'utf8').replace('"jumprelu"', '"temporal"');
    put(folder, 'cfg.json', config);
    const [entry] = await list(folder);
    expect(entry).toMatchObject({ layer: 4, format: 'saelens', header: null });
    expect(entry!.error!.message).toMatch(/temporal/);
  });

  it('explains what was looked for when there is no SAE', async () => {
    const folder = join(scratch, 'nothing');
    put(folder, 'readme.md', 'hello');
    await expect(list(folder)).rejects.toThrow(InputError);
    await expect(list(folder)).rejects.toThrow(/no SAE found.*1 files.*format=canonical.*params\.npz.*cfg\.json/);
  });

  it('names the tensors of a file that is no SAE', async () => {
    const safetensors = readFileSync(join(FIXTURES, 'saelens-variants/v6-jumprelu/sae_weights.safetensors'));
    const file = put(scratch, 'other/model.safetensors', safetensors);
    await expect(list(file)).rejects.toThrow(/model\.safetensors holds W_enc, W_dec, b_enc, b_dec, threshold/);
  });

  it('looks only for the chosen format and refuses an unknown one', async () => {
    await expect(list(gemma, 'saelens')).rejects.toThrow(/no SAE found/);
    expect(await list(gemma, 'gemma-scope')).toHaveLength(5);
    await expect(list(gemma, 'pickle')).rejects.toThrow(UsageError);
  });

  it('reads headers only: a small part of the bytes', async () => {
    const source = await openSource(join(REPOSITORY, 'examples', 'minilm-l6'));
    let fetched = 0;
    const counting = Object.create(source, {
      read: {
        value: async (...args: Parameters<typeof source.read>) => {
          const bytes = await source.read(...args);
          fetched += bytes.length;
          return bytes;
        },
      },
    }) as typeof source;
    const entries = await listSaes(counting);
    expect(entries).toHaveLength(7);
    expect(fetched).toBeLessThan(entries.length * 100_000);
  });
});
