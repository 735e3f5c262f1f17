import { PAIR_LAYOUT } from '../../artifacts/layout';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import type { ManifestInput } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import type { PairRow } from '../../artifacts/tables/pairs';
import { VERSION } from '../../matching/version';
import { crc32c } from '../../transport/crc32c';
import { environmentFacts } from './environment-facts';
import { manifestTimings } from './manifest-entries';

/**
 * Writes the tables of one pair straight into a folder, and then the manifest that lists them.
 *
 * @param inputs source and target
 * @param options as the manifest states them
 * @param tables contents by name
 */
export async function writePair(
  out: string,
  started: Date,
  inputs: ManifestInput[],
  options: Readonly<Record<string, unknown>>,
  row: PairRow,
  tables: Readonly<Record<string, Uint8Array>>
): Promise<void> {
  const store = openStore(out);
  await store.delete(PAIR_LAYOUT.manifest);
  const artifacts = [];
  for (const [path, bytes] of Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1))) {
    await store.put(path, bytes);
    artifacts.push({ path, bytes: bytes.length, crc32c: crc32c(bytes) });
  }
  const finished = new Date();
  await writeManifest(store, PAIR_LAYOUT.manifest, {
    schema: MANIFEST_SCHEMA,
    kind: 'pair',
    state: 'done',
    version: VERSION,
    options: { ...options },
    inputs,
    pairs: [{ source_layer: row.source_layer, target_layer: row.target_layer, status: 'done' }],
    failures: [],
    artifacts,
    timings: manifestTimings(started.toISOString(), finished),
    environment: environmentFacts(),
  });
}
