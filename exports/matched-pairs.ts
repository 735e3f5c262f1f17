import type { PairFiles } from '../artifacts/layout';
import type { ManifestInput, PairManifest, RunManifest } from '../artifacts/manifest';
import { filesOfPair } from '../artifacts/results';
import type { Results } from '../artifacts/results';
import { decodeMatches } from '../artifacts/tables/matches';
import type { MatchTable } from '../artifacts/tables/matches';
import { InputError } from '../matching/errors';

/** Results that hold matchings. */
export type MatchedResults = Results & { readonly manifest: RunManifest | PairManifest };

/** A pair of layers whose matching there is. */
export interface MatchedPair {
  readonly source_layer: number | null;
  readonly target_layer: number | null;
  readonly source: ManifestInput;
  readonly target: ManifestInput;
  readonly files: PairFiles;
}

/** A pair of layers that the run could not match. */
export interface FailedPair {
  readonly source_layer: number | null;
  readonly target_layer: number | null;
  readonly error: string;
}

export interface ChosenPairs {
  readonly pairs: readonly MatchedPair[];
  readonly failed: readonly FailedPair[];
}

/**
 * The pairs whose layers are both among those that are wanted, in the order of the manifest.
 *
 * @param layers null for all
 * @throws InputError when none of them was matched
 */
export function choosePairs({ store, manifest }: MatchedResults, layers: readonly number[] | null): ChosenPairs {
  const isWanted = (layer: number | null): boolean => layers === null || (layer !== null && layers.includes(layer));
  const chosen = manifest.pairs.filter((pair) => isWanted(pair.source_layer) && isWanted(pair.target_layer));
  const pairs = chosen
    .filter(({ status }) => status === 'done')
    .map(({ source_layer, target_layer }) => ({
      ...{ source_layer, target_layer },
      source: inputOf(manifest, 'source', source_layer),
      target: inputOf(manifest, 'target', target_layer),
      files: filesOfPair(manifest, { source_layer, target_layer }),
    }));
  const failed = chosen
    .filter(({ status }) => status === 'failed')
    .map(({ source_layer, target_layer, error }) => ({
      ...{ source_layer, target_layer },
      error: error ?? 'it was not matched',
    }));
  if (pairs.length > 0) return { pairs, failed };
  const names = manifest.pairs.map((pair) => `${pair.source_layer ?? '?'}:${pair.target_layer ?? '?'}`);
  throw new InputError('there is no matching to export', {
    file: store.url(''),
    ...(layers !== null && { field: '--layers', found: layers.join(',') }),
    expected: `two layers of a pair that was matched, of ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`,
  });
}

/** The matches of a pair. @throws ArtifactCorruptError when they are not what the manifest says */
export async function readPairMatches({ read }: MatchedResults, { files }: MatchedPair): Promise<MatchTable> {
  return decodeMatches(await read(files.matches), files.matches);
}

/** The inputs of some pairs, each once. */
export function inputsOf(pairs: readonly MatchedPair[]): readonly ManifestInput[] {
  return [...new Set(pairs.flatMap(({ source, target }) => [source, target]))];
}

function inputOf(manifest: RunManifest | PairManifest, side: 'source' | 'target', layer: number | null): ManifestInput {
  if (manifest.kind === 'pair') return manifest.inputs[side === 'source' ? 0 : 1]!;
  return manifest.inputs.find((input) => input.layer === layer)!;
}
