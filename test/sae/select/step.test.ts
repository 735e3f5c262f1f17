import { cpSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, UsageError } from '../../../matching/errors';
import { loadSae } from '../../../sae/load-sae';
import { openSaes, resolveSaeArgument } from '../../../sae/sae-argument';
import { pathFilter } from '../../../sae/select/by-path';
import { selectionOf } from '../../../sae/select/selection';
import { scratchFolder } from '../support';

/** An SAE of dictionary_learning with checkpoints of steps 0 and 100, as the library leaves them. */
const source = join(__dirname, '../../fixtures/formats/dictionary-learning-checkpoints');
const FOLDER = 'JumpRelu_pythia-160m-deduped/resid_post_layer_5/trainer_0';
const scratch = scratchFolder();

it('of several steps the one that is asked for is chosen, else what the training gave in the end', async () => {
  const pathOf = async (selection: object): Promise<string[]> =>
    (await openSaes(source, { layers: null, ...selection })).entries.map(({ path }) => path);
  expect(await pathOf({ step: 100 })).toEqual([`${FOLDER}/checkpoints/ae_100.pt`]);
  expect(await pathOf({ step: 0 })).toEqual([`${FOLDER}/checkpoints/ae_0.pt`]);
  expect(await pathOf({})).toEqual([FOLDER]);
});

it('the name of a checkpoint alone leads to the same weights with the same configuration', async () => {
  for (const layers of [null, undefined]) {
    const {
      source: opened,
      entries,
      argumentOf,
    } = await openSaes(source, { step: 100, ...(layers === null && { layers }) });
    const argument = argumentOf(entries[0]!);
    expect(argument).toBe(`${source}/${FOLDER}#5@100`);
    const again = await resolveSaeArgument(argument);
    expect(again.entry).toMatchObject({ step: 100, layer: 5 });
    const [one, other] = [await loadSae(opened, entries[0]!), await loadSae(again.source, again.entry)];
    expect({ ...other, header: { ...other.header, path: '' } }).toEqual({
      ...one,
      header: { ...one.header, path: '' },
    });
  }
});

it('a step that is not there is an input error that lists those found', async () => {
  await expect(openSaes(source, { layers: null, step: 50 })).rejects.toThrow(InputError);
  await expect(openSaes(source, { layers: null, step: 50 })).rejects.toThrow(
    /--step: no SAE was saved at this step \(found steps 0, 100, expected 50\)/
  );
  const final = join(__dirname, '../../fixtures/formats/dictionary-learning-new');
  await expect(openSaes(final, { step: 1 })).rejects.toThrow(/no files of single steps/);
});

it.each(['ae.pt', 'checkpoints/ae_100.pt'])(
  'a %s that breaks off stays an SAE, and no other stands for it',
  async (file) => {
    const folder = join(scratch, `broken ${file.replace('/', ' ')}`);
    cpSync(source, folder, { recursive: true });
    truncateSync(join(folder, FOLDER, file), 2000);
    const selection = file === 'ae.pt' ? {} : { step: 100 };
    const { entries } = await openSaes(folder, { layers: null, ...selection });
    expect(entries).toMatchObject([{ layer: 5, format: 'dictionary-learning', header: null }]);
    expect(entries[0]!.error!.message).toMatch(/ae(_100)?\.pt: the zip archive cannot be read .*truncated/);
  }
);

it('steps without a final SAE have to be chosen from, and the message says how', async () => {
  cpSync(join(source, FOLDER, 'checkpoints'), join(scratch, 'only-steps/layer_5'), { recursive: true });
  await expect(openSaes(join(scratch, 'only-steps'), { layers: null })).rejects.toThrow(
    /layer 5 has several SAEs .*Choose with --step 0 \| 100/
  );
});

it('files of other steps, and those of no step, are not opened', () => {
  const opens = pathFilter(null, { step: 100 })!;
  expect(opens('layer_5/checkpoints/ae_100.pt')).toBe(true);
  for (const other of ['layer_5/checkpoints/ae_1.pt', 'layer_5/ae.pt', 'layer_5/sae.safetensors'])
    expect(opens(other)).toBe(false);
});

it.each(['-1', '1.5', 'last', ''])('the step %p is a usage error', (step) => {
  expect(() => selectionOf({ step })).toThrow(UsageError);
});
