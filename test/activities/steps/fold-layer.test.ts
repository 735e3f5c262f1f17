import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFolded } from '../../../activities/steps/folded-artifact';
import { foldLayerTask } from '../../../activities/steps/fold-layer';
import { hashSourceTask } from '../../../activities/steps/hash-source';
import { foldedObject } from '../../../activities/steps/keys';
import { silentContext } from '../../../activities/task-context';
import { ArtifactCorruptError, InputError } from '../../../matching/errors';
import { rowOf } from '../../../matching/row-matrix';
import type { LayerPlan, RunSpec } from '../../../workflows/run-types';
import { temporaryFolders } from '../../artifacts/temporary-folder';
import { paramsNpz, randomSae, withoutThreshold } from '../../support/random-sae';
import { smallModel, storeOf } from '../small-run';

const newFolder = temporaryFolders();
const FEATURES = 16;
const WIDTH = 8;

async function planned(
  sae = randomSae(1),
  change: Partial<RunSpec> = {}
): Promise<{ spec: RunSpec; layer: LayerPlan }> {
  const spec = { ...smallModel(newFolder(), [sae, randomSae(2)]), ...change };
  const { layers } = await hashSourceTask({ spec }, silentContext);
  return { spec, layer: layers[0]! };
}

describe('folding a layer', () => {
  it('stores the decoder rows times and the encoder rows divided by the thresholds', async () => {
    const sae = randomSae(1);
    const input = await planned(sae);
    const { rows, folded, cached } = await foldLayerTask(input, silentContext);
    expect([rows, cached]).toEqual([folded, false]);
    const stored = await readFolded(storeOf(input.spec), rows, silentContext);
    for (let feature = 0; feature < FEATURES; feature++) {
      const theta = Math.fround(sae.threshold.values[feature]!);
      const part = (k: number): [number, number] => [
        Math.fround(Math.fround(sae.W_dec.values[feature * WIDTH + k]!) * theta),
        Math.fround(Math.fround(sae.W_enc.values[k * FEATURES + feature]!) / theta),
      ];
      const expected = Array.from({ length: WIDTH }, (_, k) => part(k));
      expect([...rowOf(stored.decoder, feature)]).toEqual(expected.map(([decoder]) => decoder));
      expect([...rowOf(stored.encoder, feature)]).toEqual(expected.map(([, encoder]) => encoder));
    }
  });

  it('does nothing the second time, even if the file is gone by then', async () => {
    const { spec, layer } = await planned();
    const first = await foldLayerTask({ spec, layer }, silentContext);
    const again = await foldLayerTask({ spec: { ...spec, source: '/nowhere' }, layer }, silentContext);
    expect(again).toEqual({ ...first, cached: true });
  });

  it('keeps the stored rows beside the folded ones when asked not to fold', async () => {
    const { spec, layer } = await planned(withoutThreshold(randomSae(1), [3]), { fold: false, degenerate: 'error' });
    const { rows, folded } = await foldLayerTask({ spec, layer }, silentContext);
    expect(rows).not.toBe(folded);
    const excluded = async (key: string): Promise<number[]> => [
      ...(await readFolded(storeOf(spec), key, silentContext)).excluded,
    ];
    expect(await excluded(rows)).toEqual(new Array(FEATURES).fill(0));
    expect(await excluded(folded!)).toEqual(Array.from({ length: FEATURES }, (_, i) => (i === 3 ? 1 : 0)));
  });

  it('goes without the folded rows when the layer cannot be folded and need not be', async () => {
    const { spec, layer } = await planned(withoutThreshold(randomSae(1), [0, 1, 2, 3, 4, 5, 6, 7, 8]), { fold: false });
    expect((await foldLayerTask({ spec, layer }, silentContext)).folded).toBeNull();
    await expect(foldLayerTask({ spec: { ...spec, fold: true }, layer }, silentContext)).rejects.toThrow(
      /more than half of the layer cannot be folded \(found 9 of 16 features/
    );
  });

  it('may go on for all layers at once in an output folder that is not there yet', async () => {
    const spec = smallModel(
      newFolder(),
      Array.from({ length: 8 }, (_, seed) => randomSae(seed))
    );
    const { layers } = await hashSourceTask({ spec }, silentContext);
    for (const out of ['a', 'b/c', 'd/e/f', 'g/h/i/j']) {
      const elsewhere = { ...spec, out: join(spec.out, out) };
      const folding = layers.map((layer) => foldLayerTask({ spec: elsewhere, layer }, silentContext));
      expect((await Promise.all(folding)).map(({ cached }) => cached)).toEqual(new Array(8).fill(false));
    }
  });

  it('refuses a file that changed since the run was planned', async () => {
    const { spec, layer } = await planned();
    writeFileSync(`${spec.source}/layer_0/params.npz`, paramsNpz(randomSae(5)));
    await expect(foldLayerTask({ spec, layer }, silentContext)).rejects.toThrow(InputError);
    await expect(foldLayerTask({ spec, layer }, silentContext)).rejects.toThrow(
      /layer_0\/params\.npz: the file changed since it was first looked at \(found SHA-256 .*, expected /
    );
  });
});

it('a folded layer that is damaged or gone is reported with its file', async () => {
  const { spec, layer } = await planned();
  const store = storeOf(spec);
  const { rows } = await foldLayerTask({ spec, layer }, silentContext);
  const key = foldedObject(rows);
  await store.put(key, (await store.get(key)).subarray(0, 100));
  await expect(readFolded(store, rows, silentContext)).rejects.toThrow(ArtifactCorruptError);
  await store.delete(key);
  await expect(readFolded(store, rows, silentContext)).rejects.toThrow(
    `${store.url(key)}: a folded layer in the store is missing or damaged`
  );
});
