import type { Ingredients } from '../../artifacts/content-key';
import type { ContentKeys } from '../../artifacts/content-keys';
import type { RunSpec } from '../../workflows/run-types';
import { chainsKey, keyOf, matchIngredients } from './keys';
import type { MatchKeySide } from './keys';
import { layerKeys } from './layer-keys';
import type { KeyedLayer, LayerArtifacts } from './layer-keys';

/** What is matched, of a plan or read back from a manifest. Layers without files cannot be read. */
export interface KeyedRun {
  readonly layers: readonly KeyedLayer[];
  readonly pairs: readonly (readonly [number, number])[];
  /** The same layers of the previous checkpoint, where the run is compared with one. */
  readonly previous?: readonly KeyedLayer[];
}

/** Content keys of everything that a run may look for in the store or put there if nothing of it fails. */
export function plannedKeys(spec: RunSpec, { layers, pairs, previous = [] }: KeyedRun): ContentKeys {
  const keysOf = (some: readonly KeyedLayer[]): Map<number, LayerArtifacts<string>> =>
    new Map(some.filter(({ files }) => files.length > 0).map((layer) => [layer.layer, layerKeys(spec, layer)]));
  const [keys, earlier] = [keysOf(layers), keysOf(previous)];
  const matches = new Map<string, string[]>();
  for (const [source, target] of pairs) {
    const [a, b] = [keys.get(source), keys.get(target)];
    if (a === undefined || b === undefined) continue;
    const possible = possibleMatches({ layer: source, ...a }, { layer: target, ...b }, spec).map(keyOf);
    matches.set(`${source}:${target}`, possible);
  }
  const drift = [...earlier].flatMap(([layer, before]) => {
    const now = keys.get(layer);
    return now === undefined ? [] : possibleMatches({ layer, ...before }, { layer, ...now }, driftSpec(spec));
  });
  const steps = layers.slice(0, -1).map(({ layer }, index) => {
    const [key] = matches.get(`${layer}:${layers[index + 1]!.layer}`) ?? [];
    return key === undefined ? null : { key };
  });
  const present = layers.map(({ layer }) => ({ layer, rows: keys.get(layer)?.rows ?? null }));
  return {
    folded: sorted([...keys.values(), ...earlier.values()].flatMap(({ rows, folded }) => [rows, folded])),
    matches: sorted([...[...matches.values()].flat(), ...drift.map(keyOf)]),
    chains: [chainsKey(present, steps, spec)],
  };
}

/**
 * What the match of two layers may be made of, the likeliest first. Several only where rows are matched as they are:
 * whether a layer can be folded for the paper's metric shows when it is tried.
 */
export function possibleMatches(
  source: { layer: number } & LayerArtifacts<string>,
  target: { layer: number } & LayerArtifacts<string>,
  spec: RunSpec
): Ingredients[] {
  const foldings = ({ folded }: LayerArtifacts<string>): readonly MatchKeySide['folded'][] =>
    spec.fold ? [folded] : [folded, null];
  return foldings(source).flatMap((a) =>
    foldings(target).map((b) => matchIngredients({ ...source, folded: a }, { ...target, folded: b }, spec))
  );
}

/** How a layer is matched with the previous checkpoint: as the run matches, but features may stay unmatched. */
export function driftSpec(spec: RunSpec): RunSpec {
  return spec.previous === undefined ? spec : { ...spec, unmatched: spec.previous.unmatched };
}

const sorted = (keys: readonly string[]): string[] => [...new Set(keys)].sort();
