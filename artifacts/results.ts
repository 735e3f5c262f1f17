import { InputError } from '../matching/errors';
import { PAIR_LAYOUT, runLayout } from './layout';
import type { PairFiles } from './layout';
import { readManifest } from './manifest';
import type { Manifest } from './manifest';
import { openStore } from './store/open-store';
import type { ObjectStore } from './store/object-store';
import { getVerified } from './verified';

/** A folder of results: of a run, a pair or an evaluation. */
export interface Results {
  readonly store: ObjectStore;
  readonly manifest: Manifest;
  /**
   * A file, checked against what the manifest says about it.
   *
   * @throws InputError when the manifest has no such file; ArtifactCorruptError when it is another than it says
   */
  readonly read: (path: string) => Promise<Buffer>;
}

/**
 * Opens a folder of results by its manifest.
 *
 * @param folder absolute path, or `gs://<bucket>/<prefix>`
 * @throws InputError when there are none
 */
export async function openResults(folder: string): Promise<Results> {
  const store = openStore(folder);
  const manifest = await readManifest(store, 'manifest.json');
  const read = (path: string): Promise<Buffer> => {
    const recorded = manifest.artifacts.find((artifact) => artifact.path === path);
    if (recorded !== undefined) return getVerified(store, { key: path, ...recorded });
    throw new InputError('the results have no such file', { file: store.url('manifest.json'), expected: path });
  };
  return { store, manifest, read };
}

/** A pair of layers, named as in manifests and in `pairs.parquet`. */
export interface NamedPair {
  readonly source_layer: number | null;
  readonly target_layer: number | null;
}

/** Where the tables of a pair lie in such a folder. */
export function filesOfPair(manifest: Manifest, { source_layer, target_layer }: NamedPair): PairFiles {
  if (manifest.kind === 'pair') return PAIR_LAYOUT;
  const largest = Math.max(...manifest.inputs.map(({ layer }) => layer ?? 0));
  return runLayout(largest).pair(source_layer!, target_layer!);
}
