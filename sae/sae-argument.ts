import { posix } from 'node:path';
import { InputError } from '../matching/errors';
import { listSaes } from './catalogue';
import type { CatalogueEntry } from './catalogue-entry';
import type { CatalogueOptions } from './catalogue';
import { pathFilter } from './select/by-path';
import { layersText } from './select/layers';
import { narrow, selectSaes } from './select/selection';
import type { SaeSelection } from './select/selection';
import { openSource } from './sources/open-source';
import type { SaeSource } from './sources/source';

export interface SaeArgumentOptions extends CatalogueOptions, SaeSelection {
  /** Layers that are wanted; null for all, absent where the argument may name one. */
  readonly layers?: readonly number[] | null;
}

/** The SAEs that an argument of a command means, and where they lie. */
export interface OpenedSaes {
  readonly source: SaeSource;
  /** One a layer, ascending, where layers are wanted, else all that fit the selection. */
  readonly entries: readonly CatalogueEntry[];
  /** How one of them alone is named. */
  readonly argumentOf: (entry: CatalogueEntry) => string;
}

/** One SAE and where it lies. */
export interface ResolvedSae {
  readonly source: SaeSource;
  readonly entry: CatalogueEntry;
  /** How it alone is named, at the version of the source that is open. */
  readonly argument: string;
}

/**
 * Opens what a command-line argument names: a folder, a file, a URL, `<source>#<layer>`, or `<source>#<layer>@<step>`. Only SAEs whose paths fit are
 * opened.
 *
 * @throws InputError when the location does not exist, holds no SAE that fits, lacks a layer, or has several of one.
 * @throws UnavailableError when the source does not answer
 */
export async function openSaes(argument: string, given: SaeArgumentOptions = {}): Promise<OpenedSaes> {
  const { location, layer, step } = splitArgument(argument);
  const options = step === null ? given : { ...given, step };
  const layers = layer === null ? options.layers : [layer];
  const source = await openSource(location);
  const accept = pathFilter(layers ?? null, options);
  if (accept !== null) {
    try {
      return await choose(source, location, layers, { ...options, accept });
    } catch (error) {
      // Only with all of them in sight can a message say what there is instead.
      if (!(error instanceof InputError)) throw error;
    }
  }
  return choose(source, location, layers, options);
}

export interface SplitArgument {
  readonly location: string;
  readonly layer: number | null;
  readonly step: number | null;
}

/** Splits `<source>#<layer>` and `<source>#<layer>@<step>`; null stands for what is not there. */
export function splitArgument(argument: string): SplitArgument {
  const [, location = argument, layer, step] = /^(.+)#(\d+)(?:@(\d+))?$/.exec(argument) ?? [];
  const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text));
  return { location, layer: numberOf(layer), step: numberOf(step) };
}

/**
 * Finds the one SAE that a command-line argument names.
 *
 * @throws InputError as {@link openSaes} does, and when there are several or the SAE's headers are broken.
 */
export async function resolveSaeArgument(argument: string, options: SaeArgumentOptions = {}): Promise<ResolvedSae> {
  const { source, entries, argumentOf } = await openSaes(argument, options);
  const [entry] = entries;
  if (entries.length > 1) throw severalSaes(argument, entries);
  if (entry!.error !== null) throw entry!.error;
  return { source, entry: entry!, argument: argumentOf(entry!) };
}

async function choose(
  source: SaeSource,
  location: string,
  layers: readonly number[] | null | undefined,
  options: SaeArgumentOptions
): Promise<OpenedSaes> {
  const listed = await listSaes(source, options);
  const where = { root: source.fullRoot, source: location };
  const entries =
    layers === undefined ? narrow(listed, null, options, where) : selectSaes(listed, layers, options, where);
  const isSelected = [options.width, options.l0, options.hook].some((wanted) => wanted !== undefined);
  const argumentOf = ({ layer, path, step, files }: CatalogueEntry): string => {
    // With the folder of its configuration, which lies above that of its weights.
    if (step !== undefined && layer !== null && source.namedFile === null)
      return `${inside(source, commonFolder(files))}#${layer}@${step}`;
    if (layers === undefined && listed.length === 1) return source.pinned;
    // By its own place where its layer has others; what is beside it is then not looked at.
    const isAlone = !isSelected && listed.filter((other) => layer === null || other.layer === layer).length === 1;
    const place = isAlone ? source.pinned : inside(source, path);
    return layer === null ? place : `${place}#${layer}`;
  };
  return { source, entries, argumentOf };
}

function inside({ pinned }: SaeSource, path: string): string {
  return path === '.' ? pinned : `${pinned.replace(/\/$/, '')}/${path}`;
}

/** The lowest folder that all files lie below. */
function commonFolder(files: readonly { readonly path: string }[]): string {
  const folders = files.map(({ path }) => posix.dirname(path));
  const holds = (folder: string): boolean =>
    folder === '.' || folders.every((other) => other === folder || other.startsWith(`${folder}/`));
  let folder = folders[0] ?? '.';
  while (!holds(folder)) folder = posix.dirname(folder);
  return folder;
}

function severalSaes(argument: string, entries: readonly CatalogueEntry[]): InputError {
  const layers = [...new Set(entries.flatMap(({ layer }) => (layer === null ? [] : [layer])))];
  const [first] = layers;
  const paths = entries.slice(0, 20).map(({ path }) => path);
  return new InputError('this location holds several SAEs', {
    file: argument,
    found: `${entries.length} SAEs${layers.length === 0 ? '' : ` of layers ${layersText(layers)}`}: ${paths.join(', ')}`,
    expected: 'one SAE',
    remedy:
      first === undefined
        ? 'Point at the folder or the file of one of them.'
        : `Name one of them, for example ${argument}#${first}, or point at its folder.`,
  });
}
