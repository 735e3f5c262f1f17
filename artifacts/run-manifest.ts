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
  const key = `${runFolder(runId)}/manifest.json`;
  if ((await store.stat(key)) === null) return null;
  const manifest = await readManifest(store, key);
  if (manifest.kind === 'run') return manifest;
  throw new InputError('not the manifest of a run', { file: store.url(key), found: `kind ${manifest.kind}` });
}
