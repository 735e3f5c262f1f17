import { InputError } from '../../matching/errors';
import { hashInputs } from '../hash-inputs';
import type { InputFile } from '../hash-inputs';
import { openSource } from '../sources/open-source';
import type { SaeSource, SourceFile } from '../sources/source';

/** The files of a features export that are read, and where they lie. */
export interface ExportFiles {
  readonly source: SaeSource;
  /** Sorted by path. */
  readonly files: readonly SourceFile[];
}

const ROWS = /\.jsonl(?:\.gz)?$/i;
const FEATURES = 'features/';

/**
 * Finds the files of a Neuronpedia features export: the one that is named, or the `.jsonl` and `.jsonl.gz` of a folder. Of a
 * whole source, which has explanations too, those in its folder `features`.
 *
 * @throws InputError when there is no such place, or none of its files is of such a name
 */
export async function findExport(location: string): Promise<ExportFiles> {
  const source = await open(location);
  const listed = await source.list();
  if (source.namedFile !== null) return { source, files: listed.filter(({ path }) => path === source.namedFile) };
  const rows = listed.filter(({ path }) => ROWS.test(path));
  const inside = (folder: string): SourceFile[] =>
    rows.filter(({ path }) => path.startsWith(folder) && !path.slice(folder.length).includes('/'));
  const [features, own] = [inside(FEATURES), inside('')];
  const files = features.length > 0 ? features : own;
  if (files.length > 0) return { source, files };
  throw new InputError('this is no features export', {
    file: location,
    found: 'no .jsonl or .jsonl.gz file in it',
    expected: 'files such as batch-0.jsonl.gz, here or in features/',
    remedy: 'Name the folder of one SAE; {layer} in the path stands for the layer.',
  });
}

/** The files of an export, fixed by their content. @throws InputError as {@link findExport} does */
export async function hashExport(location: string, onProgress?: () => void): Promise<readonly InputFile[]> {
  const { source, files } = await findExport(location);
  return hashInputs(source, { files }, { ...(onProgress !== undefined && { onProgress }) });
}

async function open(location: string): Promise<SaeSource> {
  try {
    return await openSource(location);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError('the scale cannot be read', {
      ...{ file: location, field: '--scale', found: cause.facts.found ?? cause.message },
      expected: 'a file or folder of a Neuronpedia features export, or a URL of one',
      remedy: 'Check the path. Other scales are decoder_norm, threshold:<number> and latents_mean_square.',
      cause,
    });
  }
}
