import { ARTIFACT_RECORDS, artifactKey } from '../../artifacts/layout';
import type { ArtifactKind } from '../../artifacts/layout';
import type { MissingKeys } from '../../artifacts/run-plan';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { mapConcurrently } from '../../sae/concurrently';
import type { LayerPlan, RunPlan, RunSpec } from '../../workflows/run-types';
import { keyOf } from '../steps/keys';
import { layerKeys } from '../steps/layer-keys';
import { driftSpec, possibleMatches } from '../steps/planned-keys';
import type { PlannedPair, RunWork } from './run-work';

/** Objects that are asked for at once. */
const AT_ONCE = 32;

export interface MissingWork {
  readonly work: RunWork;
  /** What is not in the store, by content key. */
  readonly missing: MissingKeys;
}

/**
 * Looks for what a run needs by its records alone, which says in moments what is left to do. What is there may still be
 * found damaged, and is computed again then.
 */
export async function missingWork(store: ObjectStore, spec: RunSpec, plan: RunPlan): Promise<MissingWork> {
  const earlier = plan.previous ?? [];
  const layers = [...plan.layers, ...earlier].filter(isReadable);
  const pairs = [...ofRun(spec, plan), ...ofDrift(spec, plan.layers, earlier)];
  const foldKeys = layers.map((layer) => foldedKeys(spec, layer));
  const matchKeys = pairs.map(({ pair, spec: compared }) => matchKeysOf(compared, pair));
  const missing = {
    folded: await absent(store, 'folded', foldKeys.flat()),
    matches: await absent(store, 'matches', matchKeys.flat()),
  };
  const [folds, matches] = [new Set(missing.folded), new Set(missing.matches)];
  const work = {
    ...{ spec, layers },
    folds: layers.filter((_, index) => foldKeys[index]!.some((key) => folds.has(key))),
    // One of several that a match may be stored as is enough.
    matches: pairs.filter((_, index) => matchKeys[index]!.every((key) => matches.has(key))).map(({ pair }) => pair),
    published: pairs.map(({ pair }) => pair),
  };
  return { work, missing };
}

/** Content keys of the rows that are stored of a layer. */
export function foldedKeys(spec: RunSpec, layer: LayerPlan): string[] {
  const { rows, folded } = layerKeys(spec, layer);
  return [...new Set([rows, folded])];
}

interface ComparedPair {
  readonly pair: PlannedPair;
  readonly spec: RunSpec;
}

function ofRun(spec: RunSpec, { layers, pairs }: RunPlan): ComparedPair[] {
  const readable = new Map(layers.filter(isReadable).map((layer) => [layer.layer, layer]));
  return pairs.flatMap(([from, to]) => {
    const [source, target] = [readable.get(from), readable.get(to)];
    return source === undefined || target === undefined ? [] : [{ pair: { source, target }, spec }];
  });
}

function ofDrift(spec: RunSpec, layers: readonly LayerPlan[], earlier: readonly LayerPlan[]): ComparedPair[] {
  return earlier.filter(isReadable).flatMap((source) => {
    const target = layers.find(({ layer }) => layer === source.layer);
    return target === undefined || !isReadable(target) ? [] : [{ pair: { source, target }, spec: driftSpec(spec) }];
  });
}

function matchKeysOf(spec: RunSpec, { source, target }: PlannedPair): string[] {
  const side = (layer: LayerPlan): Parameters<typeof possibleMatches>[0] => ({
    layer: layer.layer,
    ...layerKeys(spec, layer),
  });
  return possibleMatches(side(source), side(target), spec).map(keyOf);
}

async function absent(store: ObjectStore, kind: ArtifactKind, keys: readonly string[]): Promise<string[]> {
  const all = [...new Set(keys)];
  const found = await mapConcurrently(all, AT_ONCE, (key) =>
    store.stat(artifactKey(kind, key, ARTIFACT_RECORDS[kind]))
  );
  return all.filter((_, index) => found[index] === null);
}

const isReadable = ({ failure }: LayerPlan): boolean => failure === null;
