import { ARTIFACT_RECORDS, parseArtifactKey } from './layout';
import type { ArtifactKind } from './layout';
import type { ObjectStore } from './store/object-store';

/** One re-usable artifact as a store lists it. */
export interface StoredArtifact {
  readonly kind: ArtifactKind;
  /** Its content key. */
  readonly key: string;
  /** Names of its objects, below `artifacts/<kind>/<content key>/`. */
  readonly names: readonly string[];
}

/** Whether the object that is written last is there, which says that all others are. */
export function isComplete({ kind, names }: StoredArtifact): boolean {
  return names.includes(ARTIFACT_RECORDS[kind]);
}

/** The artifacts among the keys of a store, in their order; what is none of this version's kinds is left out. */
export function groupArtifacts(objects: readonly string[]): StoredArtifact[] {
  const groups = new Map<string, { kind: ArtifactKind; key: string; names: string[] }>();
  for (const object of objects) {
    const parsed = parseArtifactKey(object);
    if (parsed === null) continue;
    const { kind, key, name } = parsed;
    const group = groups.get(`${kind}/${key}`);
    if (group === undefined) groups.set(`${kind}/${key}`, { kind, key, names: [name] });
    else group.names.push(name);
  }
  return [...groups.values()];
}

/** Everything re-usable in a store, by one listing. */
export async function listArtifacts(store: ObjectStore): Promise<StoredArtifact[]> {
  return groupArtifacts(await store.list('artifacts/'));
}
