import { InputError } from '../matching/errors';
import { listSaes } from './catalogue';
import type { CatalogueEntry } from './catalogue-entry';
import type { CatalogueOptions } from './catalogue';
import { layersText, selectLayers } from './select-layers';
import { openSource } from './sources/open-source';
import type { SaeSource } from './sources/source';

/** One SAE and where it lies. */
export interface ResolvedSae {
  readonly source: SaeSource;
  readonly entry: CatalogueEntry;
}

/**
 * Finds the SAE that a command-line argument names: a folder or file with one SAE in it, or `<source>#<layer>`.
 *
 * @throws InputError when the location does not exist, holds no or several SAEs, lacks the layer, or the SAE's headers
 * are broken.
 */
export async function resolveSaeArgument(argument: string, options: CatalogueOptions = {}): Promise<ResolvedSae> {
  const [, location = argument, layer] = /^(.+)#(\d+)$/.exec(argument) ?? [];
  const source = await openSource(location);
  const entries = await listSaes(source, options);
  const [entry] = layer === undefined ? entries : selectLayers(entries, [Number(layer)], location);
  if (layer === undefined && entries.length > 1) throw severalSaes(location, entries);
  if (entry!.error !== null) throw entry!.error;
  return { source, entry: entry! };
}

/**
 * How one SAE of a source is named, at the version of the source that is open: `<source>#<layer>`, or by its own place
 * where the layer has several or the SAE none.
 *
 * @param entries all SAEs of the source
 */
export function argumentOf(source: SaeSource, entry: CatalogueEntry, entries: readonly CatalogueEntry[]): string {
  const { layer, path } = entry;
  const isAlone = entries.filter((other) => layer === null || other.layer === layer).length === 1;
  const place = isAlone || path === '.' ? source.pinned : `${source.pinned.replace(/\/$/, '')}/${path}`;
  return layer === null ? place : `${place}#${layer}`;
}

function severalSaes(location: string, entries: readonly CatalogueEntry[]): InputError {
  const layers = [...new Set(entries.flatMap(({ layer }) => (layer === null ? [] : [layer])))];
  const [first] = layers;
  const paths = entries.slice(0, 20).map(({ path }) => path);
  return new InputError('this location holds several SAEs', {
    file: location,
    found: `${entries.length} SAEs${layers.length === 0 ? '' : ` of layers ${layersText(layers)}`}: ${paths.join(', ')}`,
    expected: 'one SAE',
    remedy:
      first === undefined
        ? 'Point at the folder or the file of one of them.'
        : `Name one of them, for example ${location}#${first}, or point at its folder.`,
  });
}
