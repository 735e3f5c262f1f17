import type { LayerPlan } from '../../workflows/run-types';

/** SHA-256 of all files that decide a layer's folded rows: those of its SAE, then those of its scale. */
export function inputHashes({ files, scale }: Pick<LayerPlan, 'files' | 'scale'>): readonly string[] {
  return [...files, ...(scale?.files ?? [])].map(({ sha256 }) => sha256);
}
