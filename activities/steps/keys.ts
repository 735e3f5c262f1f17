import { ARTIFACT_RECORDS, artifactKey } from '../../artifacts/layout';
import { contentKey } from '../../artifacts/content-key';
import type { Ingredients } from '../../artifacts/content-key';
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

/** The content key of an artifact made of these. */
export const keyOf = ({ kind, inputs }: Ingredients): string => contentKey(kind, inputs);

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

export function foldIngredients({ files, format, layer, fold, degenerate, scale }: FoldKeyInput): Ingredients {
  const hashes = files.map((file) => file.sha256);
  // Without folding, thresholds and scales are not looked at.
  const policy = fold ? degenerate : 'exclude';
  const inputs = {
    ...{ version: FOLDING_VERSION, hashes, format, layer, fold, degenerate: policy },
    ...(fold &&
      scale !== undefined && {
        scale: { choice: scaleName(scale.choice), hashes: scale.files.map((file) => file.sha256) },
      }),
  };
  return { kind: 'folded', inputs };
}

export const foldKey = (input: FoldKeyInput): string => keyOf(foldIngredients(input));

/** A folded layer as the key of a match names it. */
export type MatchKeySide = Pick<FoldedRef, 'layer' | 'rows' | 'folded'>;

export function matchIngredients(source: MatchKeySide, target: MatchKeySide, spec: MatchingOptions): Ingredients {
  const side = ({ layer, rows, folded }: MatchKeySide): object => ({ layer, rows, folded });
  const inputs = {
    version: MATCHING_VERSION,
    source: side(source),
    target: side(target),
    ...matchingOptions(spec),
  };
  return { kind: 'match', inputs };
}

export const matchKey = (...args: Parameters<typeof matchIngredients>): string => keyOf(matchIngredients(...args));

export function chainsIngredients(
  layers: readonly { layer: number; rows: string | null }[],
  steps: readonly (Pick<MatchRef, 'key'> | null)[],
  options: MatchingOptions
): Ingredients {
  const inputs = {
    version: COMPOSITION_VERSION,
    layers,
    // They stand in the table's metadata, and tell runs apart of which no step was matched.
    options: matchingOptions(options),
    steps: steps.map((step) => step?.key ?? null),
  };
  return { kind: 'chains', inputs };
}

export const chainsKey = (...args: Parameters<typeof chainsIngredients>): string => keyOf(chainsIngredients(...args));

export const foldedObject = (key: string): string => artifactKey('folded', key, 'sae.safetensors');
/** The same as one of several objects that follow each other. */
export const foldedPart = (key: string, part: number): string =>
  `${foldedObject(key)}.part-${String(part).padStart(4, '0')}`;
export const foldedRecord = (key: string): string => artifactKey('folded', key, ARTIFACT_RECORDS.folded);
export const matchObject = (key: string, name: string): string => artifactKey('matches', key, name);
export const chainsObject = (key: string): string => artifactKey('chains', key, ARTIFACT_RECORDS.chains);
