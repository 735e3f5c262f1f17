import type { RunManifest } from '../../artifacts/manifest';
import { runFolder, runLayout } from '../../artifacts/layout';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { decodeDrift } from '../../artifacts/tables/drift';
import { getVerified } from '../../artifacts/verified';

/** How far one layer is from the same layer of the previous checkpoint. */
export interface LayerDrift {
  readonly layer: number;
  /** Share of the previous features that were changed or have died; dead and excluded ones do not count. */
  readonly not_kept: number;
}

/** The drift of each layer of a run that could be compared; none where the run was not compared with anything. */
export async function notKept(store: ObjectStore, { run_id, artifacts }: RunManifest): Promise<LayerDrift[]> {
  const { drift } = runLayout(0);
  const table = artifacts.find(({ path }) => path === drift);
  if (table === undefined) return [];
  const rows = await decodeDrift(await getVerified(store, { ...table, key: `${runFolder(run_id)}/${drift}` }));
  return rows.flatMap(({ layer, kept, changed, died }) => {
    const features = (kept ?? 0) + (changed ?? 0) + (died ?? 0);
    return features === 0 ? [] : [{ layer, not_kept: 1 - kept! / features }];
  });
}
