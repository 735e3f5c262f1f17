import { appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { findCheckpoints } from '../../../sae/checkpoints/find-checkpoints';
import { startHubServer } from '../../support/hub-server';
import type { HubServer } from '../../support/hub-server';
import { put, scratchFolder } from '../support';

const scratch = scratchFolder();
const at = (...path: string[]): string => join(scratch, ...path);

describe('in a folder', () => {
  it('folders whose names carry a step are checkpoints of their own, in order of step', async () => {
    const root = at('folders');
    for (const name of ['step_200', 'step_1000', '30', 'final_1000', 'layer_7', 'logs', 'tmp-step_50', '40.tmp'])
      put(root, `${name}/layer_1/sae.safetensors`, name);
    put(root, 'step_200/layer_3/sae.safetensors', 'x');
    put(root, 'step_200/layer_4/sae.safetensors.part', 'x');
    const { checkpoints } = await findCheckpoints(root);
    expect(checkpoints.map(({ name, step }) => [name, step])).toEqual([
      ['30', 30],
      ['step_200', 200],
      ['final_1000', 1000],
      ['step_1000', 1000],
    ]);
    expect(checkpoints[1]).toMatchObject({ source: join(root, 'step_200'), files: 2, bytes: 9, layers: [1, 3] });
    expect(checkpoints[1]).not.toHaveProperty('selectionStep');
  });

  it('files of one step anywhere below are one checkpoint of the whole place', async () => {
    const root = at('files');
    for (const layer of [0, 1]) {
      for (const step of [100, 20]) put(root, `layer_${layer}/trainer_0/checkpoints/ae_${step}.pt`, 'abc');
      put(root, `layer_${layer}/trainer_0/ae.pt`, 'final');
      put(root, `layer_${layer}/trainer_0/config.json`, '{}');
    }
    put(root, 'layer_0/trainer_0/checkpoints/ae_300.pt.tmp', 'x');
    const { checkpoints } = await findCheckpoints(root);
    expect(checkpoints).toMatchObject([
      { name: 'ae_20', step: 20, selectionStep: 20, source: root, files: 2, bytes: 6, layers: [0, 1] },
      { name: 'ae_100', step: 100, selectionStep: 100, source: root, files: 2, bytes: 6, layers: [0, 1] },
    ]);
  });

  it('the fingerprint changes with any file of the checkpoint, and with no file of another', async () => {
    const root = at('changes');
    for (const name of ['step_1', 'step_2']) put(root, `${name}/layer_0/sae.safetensors`, 'abc');
    const look = async (): Promise<string[]> =>
      (await findCheckpoints(root)).checkpoints.map(({ fingerprint, unfinished }) => fingerprint + unfinished);
    const [one, two] = await look();
    expect(await look()).toEqual([one, two]);
    appendFileSync(join(root, 'step_2/layer_0/sae.safetensors'), 'd');
    const grown = await look();
    expect(grown[0]).toBe(one);
    expect(grown[1]).not.toBe(two);
    put(root, 'step_2/layer_1/sae.safetensors.part', 'd');
    const writing = await look();
    expect(writing[1]).not.toBe(grown[1]);
    const temporary = join(root, 'step_2/layer_1/sae.safetensors');
    renameSync(`${temporary}.part`, temporary);
    expect((await look())[1]).not.toBe(writing[1]);
  });

  it('a marker is looked for in the folder, or beside every file', async () => {
    const root = at('markers');
    put(root, 'step_1/layer_0/sae.safetensors', 'a');
    put(root, 'step_1/DONE', '');
    put(root, 'step_2/layer_0/sae.safetensors', 'a');
    for (const layer of [0, 1]) put(root, `layer_${layer}/ae_5.pt`, 'a');
    put(root, 'layer_0/ae_5.ok', '');
    const { checkpoints, missingMarker } = await findCheckpoints(root);
    const [one, two, files] = checkpoints;
    expect(missingMarker(one!, 'DONE')).toBeNull();
    expect(missingMarker(two!, 'DONE')).toBe('step_2/DONE');
    expect(missingMarker(files!, '{checkpoint}.ok')).toBe('layer_1/ae_5.ok');
    put(root, 'layer_1/ae_5.ok', '');
    const later = await findCheckpoints(root);
    expect(later.missingMarker(later.checkpoints[2]!, 'ae_{step}.ok')).toBeNull();
  });

  it('is refused where nothing can be listed', async () => {
    await expect(findCheckpoints('https://example.org/saes/ae.pt')).rejects.toThrow(/cannot be found in such a place/);
    await expect(findCheckpoints(at('files/layer_0/trainer_0/ae.pt'))).rejects.toThrow(/found one file/);
    await expect(findCheckpoints(at('nothing'))).rejects.toThrow(InputError);
  });
});

describe('on the Hub', () => {
  let hub: HubServer;
  const before = process.env.HF_ENDPOINT;
  const commit = (digit: string): string => digit.repeat(40);
  const files = new Map([['layer_0/sae.safetensors', Buffer.from('abc')]]);
  const [c1, c2, c3] = [commit('1'), commit('2'), commit('3')] as [string, string, string];
  beforeAll(async () => {
    const commits = { [c1]: files, [c2]: files, [c3]: new Map([['readme.md', Buffer.from('x')], ...folders()]) };
    hub = await startHubServer({
      'org/tagged': { commits, revisions: { main: c3, step2000: c2, step1000: c1, v2: c3 }, tags: ['step1000', 'v2'] },
      'org/folders': { commits, revisions: { main: c3 } },
    });
    process.env.HF_ENDPOINT = hub.url;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.HF_ENDPOINT;
    else process.env.HF_ENDPOINT = before;
    await hub.close();
  });
  const folders = (): [string, Buffer][] => [['saes/step_5/layer_0/sae.safetensors', Buffer.from('abc')]];

  it('branches and tags whose names carry a step are checkpoints at their commits', async () => {
    const { checkpoints } = await findCheckpoints('hf://org/tagged');
    expect(checkpoints).toMatchObject([
      { name: 'step1000', step: 1000, source: `hf://org/tagged@${c1}`, isAtomic: true },
      { name: 'step2000', step: 2000, source: `hf://org/tagged@${c2}`, isAtomic: true },
    ]);
  });

  it('every commit of a branch that is named is a checkpoint, counted from the oldest', async () => {
    const { checkpoints } = await findCheckpoints('hf://org/tagged@step2000/layer_0');
    expect(checkpoints).toMatchObject([
      { name: c1.slice(0, 12), step: 1, source: `hf://org/tagged@${c1}/layer_0` },
      { name: c2.slice(0, 12), step: 2, source: `hf://org/tagged@${c2}/layer_0` },
    ]);
  });

  it('without such revisions the folders of the main branch are, at its commit', async () => {
    const { checkpoints } = await findCheckpoints('hf://org/folders/saes');
    expect(checkpoints).toMatchObject([{ name: 'step_5', step: 5, source: `hf://org/folders@${c3}/saes/step_5` }]);
  });
});
