import { readKeyRecord } from '../../artifacts/key-record';
import { artifactKey, ARTIFACT_RECORDS } from '../../artifacts/layout';
import type { ArtifactKind } from '../../artifacts/layout';
import { groupArtifacts, isComplete } from '../../artifacts/stored-artifacts';
import type { StoredArtifact } from '../../artifacts/stored-artifacts';
import type { ObjectStat, ObjectStore } from '../../artifacts/store/object-store';
import { mapConcurrently } from '../../sae/concurrently';
import { CHECKPOINT } from '../steps/match-checkpoint';
import type { Roots } from './roots';

/** What can be removed together. */
export interface Garbage {
  readonly kind: GarbageKind;
  /** Its content key; empty where it has none. */
  readonly key: string;
  /** Names of its objects in the store, in the order in which they are removed. */
  readonly objects: readonly string[];
  readonly bytes: number;
}

/** `unfinished` is a match without its summary, or the state of one; `probe` what a check of the store left. */
export type GarbageKind = ArtifactKind | 'unfinished' | 'probe';

export interface Findings {
  readonly garbage: readonly Garbage[];
  /** Artifacts that a run refers to. */
  readonly used: number;
  /** Artifacts that no run refers to, kept for their age: a run may be about to. */
  readonly young: number;
}

const CONCURRENT_CALLS = 16;
const PROBE = /^artifacts\/writable-\d+$/;

/**
 * Finds what no run refers to and is older than `before`.
 *
 * @param objects everything below `artifacts/`, listed before the roots were read
 */
export async function findGarbage(
  store: ObjectStore,
  objects: readonly string[],
  roots: Roots,
  before: Date
): Promise<Findings> {
  const artifacts = groupArtifacts(objects);
  const unused = await mapConcurrently(artifacts, CONCURRENT_CALLS, (artifact) => unusedPart(store, artifact, roots));
  const probes = objects
    .filter((key) => PROBE.test(key))
    .map((key) => ({ kind: 'probe', key: '', objects: [key] }) as const);
  const candidates = [...unused.filter((part) => part !== null), ...probes];
  const weighed = await mapConcurrently(candidates, CONCURRENT_CALLS, (part) => weigh(store, part));
  const old = weighed.filter(({ newest }) => newest < before);
  return {
    garbage: old.map(({ garbage }) => garbage),
    used: unused.filter((part) => part === null).length,
    young: weighed.length - old.length,
  };
}

type Unweighed = Omit<Garbage, 'bytes'>;

/** What of an artifact nobody refers to: nothing, all of it, or the state that a finished match has left. */
async function unusedPart(store: ObjectStore, artifact: StoredArtifact, roots: Roots): Promise<Unweighed | null> {
  const { kind, key, names } = artifact;
  const object = (name: string): string => artifactKey(kind, key, name);
  if (roots.live[kind].has(key) || (await isOfLiveRun(store, artifact, roots))) return null;
  if (roots.published[kind].has(key)) {
    const hasState = kind === 'matches' && names.includes(CHECKPOINT);
    return hasState ? { kind: 'unfinished', key, objects: [object(CHECKPOINT)] } : null;
  }
  // The record goes first: without it, what is left of the artifact counts as missing and not as damaged.
  const record = ARTIFACT_RECORDS[kind];
  const ordered = isComplete(artifact) ? [record, ...names.filter((name) => name !== record)] : names;
  const isMatch = kind === 'matches' && !isComplete(artifact);
  return { kind: isMatch ? 'unfinished' : kind, key, objects: ordered.map(object) };
}

/**
 * Whether chains are made of nothing but layers and matches of unfinished runs. Which steps of these will fail is not
 * known yet, so neither is the key of their chains.
 */
async function isOfLiveRun(store: ObjectStore, { kind, key }: StoredArtifact, { live }: Roots): Promise<boolean> {
  if (kind !== 'chains' || live.folded.size === 0) return false;
  const record = await readKeyRecord(store, kind, key);
  if (record === null) return false;
  const { layers, steps } = record.inputs as unknown as ChainsInputs;
  return (
    layers.every(({ rows }) => rows === null || live.folded.has(rows)) &&
    steps.every((step) => step === null || live.matches.has(step))
  );
}

interface ChainsInputs {
  readonly layers: readonly { readonly rows: string | null }[];
  readonly steps: readonly (string | null)[];
}

async function weigh(store: ObjectStore, part: Unweighed): Promise<{ garbage: Garbage; newest: Date }> {
  const stats: ObjectStat[] = [];
  for (const object of part.objects) {
    const stat = await store.stat(object);
    if (stat !== null) stats.push(stat);
  }
  return {
    garbage: { ...part, bytes: stats.reduce((sum, { bytes }) => sum + bytes, 0) },
    newest: new Date(Math.max(0, ...stats.map(({ modified }) => modified.getTime()))),
  };
}
