import type { ContentKeys } from '../../artifacts/content-keys';
import type { Manifest, RunManifest } from '../../artifacts/manifest';
import type { RunSpec } from '../../workflows/run-types';
import { plannedKeys } from '../steps/planned-keys';
import type { KeyedRun } from '../steps/planned-keys';

const NONE: ContentKeys = { folded: [], matches: [], chains: [] };

/**
 * The re-usable artifacts that a result was made of: as its manifest lists them, or, where an earlier version wrote it,
 * made anew from the inputs and options that it states.
 */
export function keysOfManifest(manifest: Manifest): ContentKeys {
  if (manifest.kind === 'judgement') return manifest.content_keys;
  if (manifest.kind !== 'run') return NONE;
  return manifest.content_keys ?? plannedKeys(manifest.spec as RunSpec, keyedRun(manifest));
}

function keyedRun({ inputs, pairs }: RunManifest): KeyedRun {
  return {
    layers: inputs.map(({ layer, files, scale, header }) => ({
      layer: layer!,
      files: files as KeyedRun['layers'][number]['files'],
      header: header as KeyedRun['layers'][number]['header'],
      ...(scale !== undefined && { scale: scale as NonNullable<KeyedRun['layers'][number]['scale']> }),
    })),
    pairs: pairs
      .filter(({ status }) => status === 'done')
      .map(({ source_layer, target_layer }) => [source_layer!, target_layer!] as const),
  };
}
