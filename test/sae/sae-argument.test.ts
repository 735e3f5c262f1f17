import { join } from 'node:path';
import { InputError } from '../../matching/errors';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { copyFixture, FIXTURES, put, scratchFolder } from './support';

const scratch = scratchFolder();
const gemma = join(FIXTURES, 'gemma-source');

describe('resolveSaeArgument', () => {
  it.each([
    ['a folder', join(gemma, 'layer_2'), 2],
    ['a file', join(gemma, 'layer_2/width_7/average_l0_4/params.npz'), 2],
    ['a source and a layer', `${gemma}#10`, 10],
    ['a URL', `file://${gemma}#3`, 3],
  ])('finds the SAE of %s', async (_, argument, layer) => {
    expect((await resolveSaeArgument(argument)).entry.layer).toBe(layer);
  });

  it('lists the layers of a folder with several SAEs and shows how to choose', async () => {
    await expect(resolveSaeArgument(gemma)).rejects.toThrow(InputError);
    await expect(resolveSaeArgument(gemma)).rejects.toThrow(/5 SAEs of layers 0, 2-3, 10.*gemma-source#0/);
  });

  it('names a layer that does not exist', async () => {
    await expect(resolveSaeArgument(`${gemma}#4`)).rejects.toThrow(/layer 4 has no SAE.*0, 2-3, 10/);
  });

  it('says that a scheme is not known', async () => {
    await expect(resolveSaeArgument('s3://x')).rejects.toThrow(/scheme [a-z0-9]+:\/\/.*a local folder or file/);
  });

  it('names a location that does not exist', async () => {
    await expect(resolveSaeArgument(join(scratch, 'missing'))).rejects.toThrow(/missing.*no such file or folder/);
  });

  it('says why the SAE of a file cannot be used', async () => {
    const folder = copyFixture('gemma-source', join(scratch, 'copy'));
    const file = put(folder, 'layer_2/width_7/average_l0_4/params.npz', 'gibberish that is no archive');
    await expect(resolveSaeArgument(file)).rejects.toThrow(/begin with "gibberish/);
    await expect(resolveSaeArgument(`${folder}#2`)).rejects.toThrow(InputError);
  });
});
