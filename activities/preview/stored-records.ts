import { readKeyRecord } from '../../artifacts/key-record';
import type { KeyRecord } from '../../artifacts/key-record';
import type { ArtifactKind } from '../../artifacts/layout';
import { isComplete, listArtifacts } from '../../artifacts/stored-artifacts';
import type { StoredArtifact } from '../../artifacts/stored-artifacts';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { mapConcurrently } from '../../sae/concurrently';

/** What the complete artifacts of a kind were made of. */
export interface Records {
  /** By content key. */
  readonly known: ReadonlyMap<string, KeyRecord>;
  /** Whether that is known of all of them; earlier versions did not keep it. */
  readonly areAllKnown: boolean;
}

/** What a store holds, as one listing has it. */
export interface StoreContent {
  readonly store: ObjectStore;
  /** The artifact of this kind and content key, complete or not. */
  readonly find: (kind: ArtifactKind, key: string) => StoredArtifact | undefined;
  /** Read once, and only when asked for. */
  readonly records: (kind: ArtifactKind) => Promise<Records>;
}

const CONCURRENT_READS = 32;

export async function lookInto(store: ObjectStore): Promise<StoreContent> {
  const artifacts = await listArtifacts(store);
  const byName = new Map(artifacts.map((artifact) => [`${artifact.kind}/${artifact.key}`, artifact]));
  const read = new Map<ArtifactKind, Promise<Records>>();
  return {
    store,
    find: (kind, key) => byName.get(`${kind}/${key}`),
    records: (kind) => {
      const known = read.get(kind) ?? readRecords(store, kind, artifacts);
      read.set(kind, known);
      return known;
    },
  };
}

async function readRecords(
  store: ObjectStore,
  kind: ArtifactKind,
  artifacts: readonly StoredArtifact[]
): Promise<Records> {
  const complete = artifacts.filter((artifact) => artifact.kind === kind && isComplete(artifact));
  const records = await mapConcurrently(complete, CONCURRENT_READS, ({ key }) => readKeyRecord(store, kind, key));
  const known = new Map(complete.flatMap(({ key }, index) => (records[index] ? [[key, records[index]]] : [])));
  return { known, areAllKnown: known.size === complete.length };
}
