import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { layersOfRun } from '../artifacts/run-manifest';
import type { RunManifest } from '../artifacts/manifest';
import type { Chain } from '../matching/chains';
import { findDescriptions } from '../sae/descriptions/find-descriptions';
import { readDescriptions } from '../sae/descriptions/read-descriptions';

/** Descriptions of features by layer and feature. */
export interface Descriptions {
  of(layer: number, feature: number): string | null;
}

/**
 * Reads the descriptions of the layers that some chains go through, as `sae-match judge` does.
 *
 * @param place folder, file or URL, in which `{layer}` stands for the layer; null when there are none
 * @throws InputError when the place cannot be read, or a line of it
 */
export async function describeChains(
  place: string | null,
  manifest: RunManifest,
  chains: readonly Chain[]
): Promise<Descriptions> {
  const wanted = new Set(chains.flatMap(({ steps }) => steps.map(({ layer }) => layer)));
  const layers = new Map<number, readonly (string | null)[]>();
  for (const sae of place === null ? [] : layersOfRun(manifest).filter(({ layer }) => wanted.has(layer))) {
    const files = await findDescriptions(place!, sae.layer, '--explanations');
    layers.set(sae.layer, (await readDescriptions(files, sae)).descriptions);
  }
  return { of: (layer, feature) => layers.get(layer)?.[feature] ?? null };
}

/** The folder of explanations beside the SAEs of a source, null when there is none. */
export function findExplanations(source: string): string | null {
  const folder = join(source, 'explanations');
  return existsSync(folder) ? folder : null;
}
