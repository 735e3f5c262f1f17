import { InputError } from '../../matching/errors';
import type { SaeLocation } from '../catalogue-entry';
import { layerOfHook } from '../layer-name';
import type { ConfigFields } from './config-fields';

/** What is known of the sites of a crosscoder, each of which is one SAE of the source. */
export interface Sites {
  /** A layer for each, all different. */
  readonly layers: readonly number[];
  /** A hook point for each. */
  readonly hooks: readonly (string | null)[];
  /** What a user should know of where the layers come from. */
  readonly notes: readonly string[];
}

/** Fields that name a hook point, and fields that name a layer: one for each site in a list, or one for all. */
export interface SiteFields {
  readonly hooks: readonly string[];
  readonly layers: readonly string[];
}

/**
 * The sites of a crosscoder by its configuration. Where that does not name a different layer for each, the layers are
 * the numbers of the sites in the file: sites of one layer are that layer in several models.
 *
 * @throws InputError when a list has not one entry for each site
 */
export function sitesOf(config: ConfigFields | null, count: number, fields: SiteFields): Sites {
  const hooks = eachOf(config, count, fields.hooks, isText);
  const common = firstOf(config, fields.hooks, isText);
  const one = firstOf(config, fields.layers, isLayer) ?? layerOfHook(common);
  const named =
    eachOf(config, count, fields.layers, isLayer) ?? hooks?.map(layerOfHook) ?? Array<number | null>(count).fill(one);
  const sites = { hooks: hooks ?? Array<string | null>(count).fill(common) };
  const different = new Set(named);
  if (named.every((layer) => layer !== null) && different.size === count) return { ...sites, layers: named, notes: [] };
  const [shared] = different;
  const why =
    different.size > 1 || shared === null || shared === undefined
      ? 'nothing names a layer of its own for each'
      : `its configuration names layer ${shared} for all`;
  const notes = [`its layer is the number of its site in the file: ${why}`];
  return { ...sites, layers: Array.from({ length: count }, (_, site) => site), notes };
}

/** The same for finding SAEs, which must not fail: then reading the header does. */
export function sitesIfAny(config: ConfigFields | null, count: number, fields: SiteFields): Sites {
  try {
    return sitesOf(config, count, fields);
  } catch (error) {
    if (error instanceof InputError) return sitesOf(null, count, fields);
    throw error;
  }
}

/** One location for each site of a crosscoder that lies in one file. */
export function locationsOfSites(location: SaeLocation, { layers }: Sites): readonly SaeLocation[] {
  return layers.map((layer, site) => ({ ...location, layer, part: String(site) }));
}

/** The list in the first of these fields that has one, checked. */
function eachOf<T>(
  config: ConfigFields | null,
  count: number,
  names: readonly string[],
  is: (value: unknown) => value is T
): readonly T[] | null {
  const name = names.find((field) => Array.isArray(config?.values[field]));
  if (config === null || name === undefined) return null;
  const values = config.values[name] as readonly unknown[];
  if (values.length === count && values.every(is)) return values;
  throw config.unfit(name, `one entry for each of ${count} sites`);
}

function firstOf<T>(
  config: ConfigFields | null,
  names: readonly string[],
  is: (value: unknown) => value is T
): T | null {
  return names.map((field) => config?.values[field]).find(is) ?? null;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isLayer = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
