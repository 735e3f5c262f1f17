import { artifactKey } from '../../artifacts/layout';
import { contentKey } from '../../artifacts/content-key';
import { COMPOSITION_VERSION } from '../../matching/composition';
import { FOLDING_VERSION } from '../../matching/folding';
import { MATCHING_VERSION } from '../../matching/match-pair';
import { scaleName } from '../../sae/scale/scale-choice';
import { matchingOptions } from './matching-options';
import type { MatchingOptions } from './matching-options';
import type { FoldedRef, MatchRef, RunSpec } from '../../workflows/run-types';

/**
 * Content keys of everything a run stores: the hash of what determines the bytes and nothing else, so that runs over
 * the same files share artifacts and a resumed run re-uses all that is there.
 */

export interface FoldKeyInput {
  readonly files: readonly { readonly sha256: string }[];
  readonly format: string;
  /** Place inside the files where they hold several SAEs. */
  readonly layer: number | null;
  readonly fold: boolean;
  readonly degenerate: RunSpec['degenerate'];
  /** The scale that is folded in where it is not the SAE's own: a choice, and the files it is read from. */
  readonly scale?: { readonly choice: string; readonly files: readonly { readonly sha256: string }[] } | undefined;
}

export function foldKey({ files, format, layer, fold, degenerate, scale }: FoldKeyInput): string {
  const hashes = files.map((file) => file.sha256);
  // Without folding, thresholds and scales are not looked at.
  const policy = fold ? degenerate : 'exclude';
  return contentKey('folded', {
    ...{ version: FOLDING_VERSION, hashes, format, layer, fold, degenerate: policy },
    ...(fold &&
      scale !== undefined && {
        scale: { choice: scaleName(scale.choice), hashes: scale.files.map((file) => file.sha256) },
      }),
  });
}

export function matchKey(source: FoldedRef, target: FoldedRef, spec: RunSpec): string {
  const side = ({ layer, rows, folded }: FoldedRef): object => ({ layer, rows, folded });
  return contentKey('match', {
    version: MATCHING_VERSION,
    source: side(source),
    target: side(target),
    ...matchingOptions(spec),
  });
}

export function chainsKey(
  layers: readonly { layer: number; rows: string | null }[],
  steps: readonly (MatchRef | null)[],
  options: MatchingOptions
): string {
  return contentKey('chains', {
    version: COMPOSITION_VERSION,
    layers,
    // They stand in the table's metadata, and tell runs apart of which no step was matched.
    options: matchingOptions(options),
    steps: steps.map((step) => step?.key ?? null),
  });
}

export const foldedObject = (key: string): string => artifactKey('folded', key, 'sae.safetensors');
/** The same as one of several objects that follow each other. */
export const foldedPart = (key: string, part: number): string =>
  `${foldedObject(key)}.part-${String(part).padStart(4, '0')}`;
export const foldedRecord = (key: string): string => artifactKey('folded', key, 'stored.json');
export const matchObject = (key: string, name: string): string => artifactKey('matches', key, name);
export const chainsObject = (key: string): string => artifactKey('chains', key, 'chains.parquet');
