import { InputError, UsageError } from '../../matching/errors';
import type { CatalogueEntry } from '../catalogue-entry';

/** An SAE whose layer is known. */
export type LayerEntry = CatalogueEntry & { readonly layer: number };

/** No model has so many; a larger number in a path or a configuration is not one of a layer. */
export const MAX_LAYER = 9999;

/**
 * Parses a list of layers such as `0-6`, `0,2,4` or `0-3,6`.
 *
 * @param field the flag that it stands behind
 * @returns the layers, ascending, each once.
 * @throws UsageError when it is no such list.
 */
export function parseLayers(text: string, field = '--layers'): readonly number[] {
  const layers = text.split(',').flatMap((part) => {
    const match = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last < first || last > MAX_LAYER) throw notLayers(text, part, field);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(layers)].sort((a, b) => a - b);
}

/**
 * The SAEs of the chosen layers, one a layer, ascending. `null` chooses every layer that the source has. SAEs that
 * belong to no layer (of the embedding, for example) are left out; damaged ones are kept.
 *
 * @param source named in errors
 * @param howToChoose what to do where a layer has several
 *
 * @throws InputError when a chosen layer is missing, a layer has several SAEs, or no SAE has a layer at all.
 */
export function selectLayers(
  entries: readonly CatalogueEntry[],
  layers: readonly number[] | null,
  source?: string,
  howToChoose: (several: readonly LayerEntry[]) => string = () => MORE_SPECIFIC
): readonly LayerEntry[] {
  const byLayer = new Map<number, LayerEntry[]>();
  for (const entry of entries.filter(hasLayer)) {
    byLayer.set(entry.layer, [...(byLayer.get(entry.layer) ?? []), entry]);
  }
  const found = [...byLayer.keys()].sort((a, b) => a - b);
  if (found.length === 0) throw noLayers(entries, source);
  return (layers ?? found).map((layer) => {
    const [entry, ...others] = finalOf(byLayer.get(layer) ?? []);
    if (entry === undefined) throw missingLayer(layer, found, source);
    if (others.length > 0) throw ambiguousLayer(layer, [entry, ...others], source, howToChoose([entry, ...others]));
    return entry;
  });
}

/** Of an SAE and checkpoints of its training the SAE: a checkpoint is chosen by its own path. */
function finalOf(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  const final = entries.filter(({ step }) => step === undefined);
  return final.length === 1 ? final : entries;
}

/** `0-6, 8` for messages. */
export function layersText(layers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const layer of layers) {
    const last = runs.at(-1);
    if (last?.[1] === layer - 1) last[1] = layer;
    else runs.push([layer, layer]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

/** Whether an SAE belongs to a layer. */
export function hasLayer(entry: CatalogueEntry): entry is LayerEntry {
  return entry.layer !== null;
}

function notLayers(text: string, part: string, field: string): UsageError {
  return new UsageError('cannot be understood as layers', {
    field,
    found: part.trim() === text.trim() ? JSON.stringify(text) : `${JSON.stringify(part)} in ${JSON.stringify(text)}`,
    expected: 'layers such as 0-6 or 0,2,4',
  });
}

function noLayers(entries: readonly CatalogueEntry[], source?: string): InputError {
  return new InputError('no SAE tells its layer', {
    ...(source !== undefined && { file: source }),
    found: entries.map(({ path }) => path).join(', ') || 'no SAEs',
    expected: 'a layer in the configuration or in the path, such as layer_3/',
    remedy: 'Put each SAE into a folder named layer_<N>.',
  });
}

function missingLayer(layer: number, found: readonly number[], source?: string): InputError {
  return new InputError(`layer ${layer} has no SAE`, {
    ...(source !== undefined && { file: source }),
    field: `layer ${layer}`,
    found: `layers ${layersText(found)}`,
    expected: `an SAE of layer ${layer}`,
    remedy: 'Choose among the layers found, or add the missing SAE.',
  });
}

/** What to do where no flag tells several SAEs apart. */
export const MORE_SPECIFIC =
  'Point at a more specific folder, or copy or link the wanted SAEs into a folder of their own.';

function ambiguousLayer(
  layer: number,
  entries: readonly LayerEntry[],
  source: string | undefined,
  remedy: string
): InputError {
  return new InputError(`layer ${layer} has several SAEs`, {
    ...(source !== undefined && { file: source }),
    field: `layer ${layer}`,
    found: listed(entries.map(({ path }) => path)),
    expected: 'one SAE a layer',
    remedy,
  });
}

/** The first of many, so that a message stays readable. */
function listed(paths: readonly string[]): string {
  return paths.slice(0, 12).join(', ') + (paths.length > 12 ? `, … (${paths.length} in all)` : '');
}
