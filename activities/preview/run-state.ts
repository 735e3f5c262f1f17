import { runFolder } from '../../artifacts/layout';
import { readManifest } from '../../artifacts/manifest';
import type { Manifest } from '../../artifacts/manifest';
import { runPlanKey } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import type { LayerPlan } from '../../workflows/run-types';
import { inputHashes } from '../steps/input-hashes';

/** How far a run is; field names as in the JSON of `plan`. */
export interface RunStateNow {
  readonly state: 'new' | 'unfinished' | 'done' | 'partial' | 'failed';
  /** Of a run that has been published: the layers of which the files are others now than it was made from. */
  readonly changed_layers: readonly number[];
}

/** Looks for a run in its store. An unfinished one has been planned, and is not published yet or again. */
export async function runState(store: ObjectStore, runId: string, layers: readonly LayerPlan[]): Promise<RunStateNow> {
  if ((await store.stat(runPlanKey(runId))) !== null) return { state: 'unfinished', changed_layers: [] };
  const key = `${runFolder(runId)}/manifest.json`;
  if ((await store.stat(key)) === null) return { state: 'new', changed_layers: [] };
  const manifest = await readManifest(store, key);
  return { state: manifest.state, changed_layers: changedLayers(manifest, layers) };
}

function changedLayers({ inputs }: Manifest, layers: readonly LayerPlan[]): number[] {
  const text = (files: Parameters<typeof inputHashes>[0] | undefined): string =>
    files === undefined ? '' : inputHashes(files).join();
  return layers
    .filter(({ layer, files, scale }) => {
      const before = inputs.find((input) => input.layer === layer);
      return text({ files, ...(scale && { scale }) }) !== text(before as Parameters<typeof inputHashes>[0] | undefined);
    })
    .map(({ layer }) => layer);
}
