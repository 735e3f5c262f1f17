import { InputError } from '../../matching/errors';
import { layerOfPath } from '../layer-name';
import { openSource } from '../sources/open-source';
import type { SaeSource, SourceFile } from '../sources/source';
import { naturalOrder } from './natural-order';

/** The files that describe the features of one layer, in the order in which they are read. */
export interface DescriptionFiles {
  readonly source: SaeSource;
  /** None where the place has nothing of the layer. */
  readonly files: readonly SourceFile[];
}

const PLACEHOLDER = '{layer}';
const ROWS = /\.jsonl(?:\.gz)?$/i;
/** Of one explainer each; `explanations` itself comes first. */
const EXPLANATIONS = /^explanations(?:-[^/]*)?$/;

/**
 * Finds the descriptions of a layer, gzipped or not:
 *
 * - where `{layer}` stands in the location, what it names is the layer's own: a file, or a folder of a Neuronpedia export
 *   (`explanations/batch-0.jsonl.gz` and so on, folders `explanations-<explainer>` after that, or such files themselves);
 * - otherwise it holds all layers: a file `layer_<L>.jsonl` of each, or a folder `layer_<L>` or `<L>-<name>` as above.
 *
 * @param field the flag that the location stands behind
 * @throws InputError when there is no such place, or two things in it are of the layer
 */
export async function findDescriptions(
  location: string,
  layer: number,
  field = '--descriptions'
): Promise<DescriptionFiles> {
  const isOfLayer = location.includes(PLACEHOLDER);
  const source = await open(location.replaceAll(PLACEHOLDER, String(layer)), field);
  const listed = (await source.list()).filter(({ path }) => ROWS.test(path));
  if (source.namedFile !== null) {
    const named = listed.filter(({ path }) => path === source.namedFile);
    return { source, files: isOfLayer ? named : named.filter(({ path }) => layerOfEntry(path) === layer) };
  }
  if (isOfLayer) return { source, files: inOrder(listed, '') };
  const entries = new Set(listed.map(({ path }) => path.split('/')[0]!));
  const [entry, other] = [...entries].filter((name) => layerOfEntry(name) === layer);
  if (other !== undefined) {
    throw new InputError('two places hold descriptions of one layer', {
      ...{ file: source.locate(other), found: `layer ${layer}, as ${entry!}`, expected: 'one place a layer' },
      remedy: 'Say which is meant, with {layer} for the layer.',
    });
  }
  if (entry === undefined) return { source, files: [] };
  const file = listed.find(({ path }) => path === entry);
  return { source, files: file === undefined ? inOrder(listed, `${entry}/`) : [file] };
}

/** 20 of `layer_20.jsonl`, `layer_20` and `20-gemmascope-res-16k`; null for other names. */
function layerOfEntry(name: string): number | null {
  const sourceId = /^(\d+)-/.exec(name)?.[1];
  return sourceId === undefined ? layerOfPath(name) : Number(sourceId);
}

/** The files of one layer below a folder: those of its folders of explanations, else those right there. */
function inOrder(files: readonly SourceFile[], folder: string): SourceFile[] {
  const below = files
    .filter(({ path }) => path.startsWith(folder))
    .map((file) => ({ file, parts: file.path.slice(folder.length).split('/') }))
    .sort((a, b) => naturalOrder(a.parts, b.parts));
  const explanations = below.filter(({ parts }) => parts.length === 2 && EXPLANATIONS.test(parts[0]!));
  const own = below.filter(({ parts }) => parts.length === 1);
  return (explanations.length > 0 ? explanations : own).map(({ file }) => file);
}

async function open(location: string, field: string): Promise<SaeSource> {
  try {
    return await openSource(location);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError('the descriptions cannot be read', {
      ...{ file: location, field, found: cause.facts.found ?? cause.message },
      expected: 'a folder of layer_<L>.jsonl files, or a Neuronpedia export with {layer} in its path',
      remedy: 'Check the path.',
      cause,
    });
  }
}
