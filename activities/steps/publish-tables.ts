import type { PairFiles } from '../../artifacts/layout';
import type { ManifestArtifact } from '../../artifacts/manifest';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { checkIntact } from '../../artifacts/verified';
import { crc32c } from '../../transport/crc32c';
import type { MatchSummary } from './match-summary';

/** Copies the tables of a matched pair into the folder of a run. @throws ArtifactCorruptError when one is damaged */
export async function publishTables(
  store: ObjectStore,
  folder: string,
  names: PairFiles,
  { files }: MatchSummary
): Promise<ManifestArtifact[]> {
  const targets = [
    [files['matches.parquet'], names.matches],
    [files['targets.parquet'], names.targets],
    [files['certificate.parquet'], names.certificate],
  ] as const;
  for (const [file, name] of targets) {
    // A damaged table is computed again and never passed on.
    await checkIntact(store, file);
    await store.copy(file.key, `${folder}/${name}`);
  }
  return targets.map(([file, path]) => ({ path, bytes: file.bytes, crc32c: file.crc32c }));
}

export async function publishBytes(
  store: ObjectStore,
  folder: string,
  path: string,
  bytes: Uint8Array
): Promise<ManifestArtifact> {
  await store.put(`${folder}/${path}`, bytes);
  return { path, bytes: bytes.length, crc32c: crc32c(bytes) };
}
