import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSourceTask } from '../../../activities/steps/hash-source';
import { planRun } from '../../../activities/steps/resolve-run';
import { silentContext } from '../../../activities/task-context';
import { CancelledError, InputError, UsageError } from '../../../matching/errors';
import type { RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { LFS_POINTER } from '../../sae/support';
import { paramsNpz, randomSae } from '../../support/random-sae';
import { smallModel } from '../small-run';

const newFolder = temporaryFolders();

describe('the plan of a run', () => {
  let spec: RunSpec;
  beforeAll(() => {
    spec = smallModel(newFolder());
  });

  it('has every layer found and every pair of neighbours', async () => {
    const { layers, pairs } = await planRun(spec);
    expect(layers.map(({ layer, features, elements, failure }) => [layer, features, elements, failure])).toEqual(
      [0, 1, 2].map((layer) => [layer, 16, 8, null])
    );
    expect(pairs).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('has only the layers that a list of pairs needs', async () => {
    const { layers, pairs } = await planRun({ ...spec, pairs: [[2, 0]] });
    expect([layers.map(({ layer }) => layer), pairs]).toEqual([[0, 2], [[2, 0]]]);
  });

  it('fixes every file by its SHA-256', async () => {
    const { layers } = await hashSourceTask({ spec }, silentContext);
    for (const { layer, files } of layers) {
      const path = `layer_${layer}/params.npz`;
      const content = readFileSync(join(spec.source, path));
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(files).toEqual([{ path, bytes: content.length, sha256 }]);
    }
  });

  it('counts the elements that the chosen weights compare', async () => {
    const elements = async (weights: RunSpec['weights']): Promise<number> =>
      (await planRun({ ...spec, weights })).layers[0]!.elements;
    expect([await elements('encoder'), await elements('decoder+encoder'), await elements('all')]).toEqual([8, 16, 17]);
  });

  it('is not made when a layer is missing, a pair is of none, or nothing is left to match', async () => {
    await expect(planRun({ ...spec, layers: [0, 7] })).rejects.toThrow(InputError);
    await expect(planRun({ ...spec, layers: [0, 7] })).rejects.toThrow(/found layers 0-2, expected an SAE of layer 7/);
    await expect(planRun({ ...spec, layers: [0, 1], pairs: [[1, 2]] })).rejects.toThrow(UsageError);
    await expect(planRun({ ...spec, layers: [1] })).rejects.toThrow(
      `${spec.source}: nothing to match (found SAEs for 1 layer, expected at least two layers)`
    );
  });

  it('stops between layers when it is cancelled', async () => {
    let looked = 0;
    const throwIfCancelled = (): void => {
      looked += 1;
      if (looked > 2) throw new CancelledError();
    };
    await expect(hashSourceTask({ spec }, { ...silentContext, throwIfCancelled })).rejects.toThrow(CancelledError);
  });
});

it.each([
  ['is a Git LFS pointer', Buffer.from(LFS_POINTER), /Git LFS/],
  ['is empty', Buffer.alloc(0), /empty|0 bytes/],
  ['is cut off', paramsNpz(randomSae(2)).subarray(0, 900), /params\.npz/],
])('a layer whose file %s keeps its place in the plan, with the reason', async (_, content, reason) => {
  const spec = smallModel(newFolder(), [randomSae(1), content, randomSae(3)]);
  const { layers, pairs } = await hashSourceTask({ spec }, silentContext);
  expect(pairs).toHaveLength(2);
  expect(layers.map(({ failure }) => failure === null)).toEqual([true, false, true]);
  expect(layers[1]).toMatchObject({ files: [], failure: { what: 'read', layers: [1], type: 'InputError' } });
  expect(layers[1]!.failure!.message).toMatch(reason);
  expect(layers[1]!.failure!.message).toContain(join(spec.source, 'layer_1/params.npz'));
});
