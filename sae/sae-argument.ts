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
