import { InputError } from '../matching/errors';
import { runFolder } from './layout';
import { readManifest } from './manifest';
import type { RunManifest } from './manifest';
import type { ObjectStore } from './store/object-store';

/**
 * The manifest of a run that has ended; null when there is none.
 *
 * @throws UsageError when the id is not usable as a folder name
 * @throws ArtifactCorruptError when the manifest is broken
 */
export async function findRunManifest(store: ObjectStore, runId: string): Promise<RunManifest | null> {
  if (!(await hasRunManifest(store, runId))) return null;
  const key = manifestKey(runId);
  const manifest = await readManifest(store, key);
  if (manifest.kind === 'run') return manifest;
  throw new InputError('not the manifest of a run', { file: store.url(key), found: `kind ${manifest.kind}` });
}

/** The layers of a run that could be read, ascending, and how many features they have. */
export function layersOfRun({ inputs }: Pick<RunManifest, 'inputs'>): { layer: number; features: number }[] {
  return inputs
    .flatMap(({ layer, header }) => {
      const { features } = header as { readonly features?: unknown };
      return layer !== null && typeof features === 'number' ? [{ layer, features }] : [];
    })
    .sort((a, b) => a.layer - b.layer);
}

/** Whether a run has ended with results. @throws UsageError when the id is not usable as a folder name */
export async function hasRunManifest(store: ObjectStore, runId: string): Promise<boolean> {
  return (await store.stat(manifestKey(runId))) !== null;
}

const manifestKey = (runId: string): string => `${runFolder(runId)}/manifest.json`;
