import type { CatalogueEntry } from '../catalogue-entry';

/** What tells the SAEs of one layer apart, as far as paths and headers say. */
export interface Traits {
  /** Number of features as names have it: `16k`, `1m`; null when the headers are broken. */
  readonly width: string | null;
  /** Average number of active features that the path states; null where it states none. */
  readonly l0: number | null;
  /** `small`, `canonical` or another word that stands for an L0; null where there is none. */
  readonly l0Label: string | null;
  readonly hook: string | null;
  /** Step of the training; null for the SAE that it gave in the end. */
  readonly step: number | null;
}

/** `average_l0_71`, `l0_71`, `L0_71`, alone or at the end of a component. */
const NUMBER = /(?:^|_)(?:average_)?l0[_-](\d+(?:\.\d+)?)(?=$|[_.-])/i;
const LABEL = /(?:^|_)l0[_-]([a-z]+)(?=$|[_.-])/i;

/** @param root full location of the source, whose components may say it as well */
export function traitsOf({ path, header, step }: CatalogueEntry, root: string): Traits {
  const components = `${root}/${path}`.split(/[/\\]/).reverse();
  const find = (pattern: RegExp): string | null =>
    components.map((component) => pattern.exec(component)?.[1]).find((found) => found !== undefined) ?? null;
  const l0 = find(NUMBER);
  return {
    width: header === null ? null : nominalWidth(header.features),
    l0: l0 === null ? null : Number(l0),
    l0Label: components.includes('canonical') ? 'canonical' : (find(LABEL)?.toLowerCase() ?? null),
    hook: header?.hook ?? null,
    step: step ?? null,
  };
}

/** `16k` for 16,384 features, `1m` for 1,048,576, as the names of releases have it. */
export function nominalWidth(features: number): string {
  if (features >= 1e6) return `${Math.floor(features / 1e6)}m`;
  return features >= 1e3 ? `${Math.floor(features / 1e3)}k` : String(features);
}
