import { InputError } from '../../../matching/errors';
import { loadChanged, withElements, withFields } from '../changed-source';
import type { Changes } from '../changed-source';

const OPENMOSS = 'formats/openmoss/sae/3x/k4/layer4_sae_3x_k4';
const JUMPRELU = 'formats/openmoss/sae/3x/jumprelu/layer3_sae_3x_jumprelu';
const DICTIONARY = 'formats/dictionary-learning/TopK_pythia-160m-deduped';
const NORM = 'dataset_average_activation_norm.blocks.3.hook_resid_post';
const deep = (bytes: Buffer): string =>
  JSON.stringify({ ...(JSON.parse(bytes.toString()) as object), d_in: 'deep' }).replace(
    '"deep"',
    '['.repeat(200_000) + ']'.repeat(200_000)
  );

describe('a configuration is refused, by the name of its field, that', () => {
  const cases: [string, string, Changes, RegExp][] = [
    [
      'holds lists deeper than any stack',
      'sae/saelens-variants/v6-jumprelu',
      { 'cfg.json': deep },
      /d_in.*a list of 1/,
    ],
    [
      'names what every object has, as an activation',
      OPENMOSS,
      { 'config.json': withFields({ act_fn: 'constructor' }) },
      /act_fn: .*not supported.*found constructor/,
    ],
    [
      'names what every object has, as a class',
      DICTIONARY,
      { 'config.json': withFields({ trainer: { dict_class: 'constructor' } }) },
      /dict_class: .*not supported.*found constructor/,
    ],
    ['keeps no feature', OPENMOSS, { 'config.json': withFields({ top_k: 0 }) }, /top_k: .*found 0.*positive integer/],
    ['keeps half a feature', OPENMOSS, { 'config.json': withFields({ top_k: 0.5 }) }, /top_k: .*found 0.5/],
    [
      'has a norm that leaves no scale',
      'formats/llama-scope/Llama3_1-8B-Base-L8R-8x',
      { 'hyperparams.json': withFields({ dataset_average_activation_norm: { in: 1e-320, out: 1 } }) },
      /not finite/,
    ],
  ];
  it.each(cases)('%s', async (_, folder, changes, message) => {
    const loading = loadChanged(folder, changes);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });

  it.each([0, -1])('has its norm in the weights, and it is %d', async (norm) => {
    const loading = loadChanged(JUMPRELU, { '.safetensors': withElements(NORM, [norm]) });
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(/average norm.*positive number/);
  });
});
