import { InputError } from '../matching/errors';
import type { CatalogueEntry, SaeLocation } from './catalogue-entry';
import { mapConcurrently } from './concurrently';
import type { TensorFile } from './containers/tensor';
import { CONFIGURATION, saePath, singleFileLocation } from './formats/format';
import type { CandidateFile, SaeFormat } from './formats/format';
import { FORMATS, formatByName } from './formats/registry';
import { MAX_LAYER } from './select/layers';
import type { SaeSource, SourceFile } from './sources/source';
import { SourceView } from './sources/source-view';

export interface CatalogueOptions {
  /** Name of the only format to look for; all when absent. */
  readonly format?: string;
  /** The only files to look at; all when absent. */
  readonly paths?: ReadonlySet<string>;
  /** Whether a file may be weights of a wanted SAE; others are not opened. */
  readonly accept?: (path: string) => boolean;
}

/** Files of these kinds are never weights, so they are not opened. */
const NEVER_WEIGHTS =
  /\.(?:csv|gz|html?|ipynb|jpe?g|json|jsonl|log|md|npy|parquet|pdf|png|py|svg|toml|tsv|txt|ya?ml)$/i;
/** Files that lie beside SAEs and hold tensors that are none: they may be larger than all the rest. */
const NEVER_SAES = /(?:^|\/)(?:examples|activations)\.safetensors$/i;
/** A file of such a name that holds no tensors is reported as damaged instead of being passed over. */
const ALWAYS_WEIGHTS = /\.(?:npz|safetensors)$|(?:^|\/)(?:ae(?:_\w+)?|checkpoint_\d+|cc_weights)\.pt$/i;
const OPEN_AT_ONCE = 8;

/**
 * The SAEs of a source, from headers only, sorted by layer and path. A damaged SAE becomes an entry with `error`.
 *
 * @throws InputError when the source cannot be read or holds no SAE at all.
 * @throws UsageError when `options.format` is unknown.
 */
export async function listSaes(source: SaeSource, options: CatalogueOptions = {}): Promise<readonly CatalogueEntry[]> {
  if (source.namedFile !== null && CONFIGURATION.test(source.namedFile)) throw notWeights(source);
  const formats = options.format === undefined ? FORMATS : [formatByName(options.format)];
  const listed = await source.list();
  const { paths } = options;
  const view = new SourceView(source, paths === undefined ? listed : listed.filter(({ path }) => paths.has(path)));
  const { candidates, errors } = await openAll(view, options.accept);
  const entries: CatalogueEntry[] = [];
  let unclaimed = candidates;
  for (const format of formats) {
    const locations = (await format.find(view, unclaimed)).map(ofPossibleLayer);
    const claimed = new Set(locations.flatMap(({ files }) => files.map(({ path }) => path)));
    unclaimed = unclaimed.filter(({ file }) => !claimed.has(file.path));
    entries.push(...(await mapConcurrently(locations, OPEN_AT_ONCE, (location) => readEntry(view, format, location))));
  }
  for (const { file } of unclaimed) {
    const error = errors.get(file.path);
    if (error !== undefined)
      entries.push({ ...ofPossibleLayer(singleFileLocation(view, file)), format: null, header: null, error });
  }
  if (entries.length === 0) throw nothingFound(source, view.files, unclaimed, formats);
  return entries.sort(byLayerThenPath);
}

function ofPossibleLayer(location: SaeLocation): SaeLocation {
  return location.layer !== null && location.layer > MAX_LAYER ? { ...location, layer: null } : location;
}

async function readEntry(view: SourceView, format: SaeFormat, location: SaeLocation): Promise<CatalogueEntry> {
  try {
    return { ...location, format: format.name, header: await format.readHeader(view, location), error: null };
  } catch (error) {
    return { ...location, format: format.name, header: null, error: inputErrorOrThrow(error) };
  }
}

interface OpenedFiles {
  readonly candidates: readonly CandidateFile[];
  /** Why a damaged file is damaged, by path. */
  readonly errors: ReadonlyMap<string, InputError>;
}

async function openAll(view: SourceView, accept: CatalogueOptions['accept'] = () => true): Promise<OpenedFiles> {
  const named = view.source.namedFile;
  const files = view.files.filter(
    ({ path }) => path === named || (named === null && mayBeWeights(path) && accept(path))
  );
  const candidates: CandidateFile[] = [];
  const errors = new Map<string, InputError>();
  const opened = await mapConcurrently(files, OPEN_AT_ONCE, (file) => open(view, file));
  for (const [index, result] of opened.entries()) {
    const file = files[index]!;
    if (result instanceof InputError) errors.set(file.path, result);
    if (result !== null) candidates.push({ file, tensors: result instanceof InputError ? null : result });
  }
  return { candidates, errors };
}

function mayBeWeights(path: string): boolean {
  return !NEVER_WEIGHTS.test(path) && !NEVER_SAES.test(path);
}

async function open(view: SourceView, file: SourceFile): Promise<TensorFile | InputError | null> {
  const meantAsWeights = ALWAYS_WEIGHTS.test(file.path) || file.path === view.source.namedFile;
  try {
    return meantAsWeights ? await view.tensors(file.path) : await view.open(file.path);
  } catch (error) {
    const reason = inputErrorOrThrow(error);
    return meantAsWeights ? reason : null;
  }
}

/** Only broken input is a property of one SAE; an unreachable store is not. */
function inputErrorOrThrow(error: unknown): InputError {
  if (error instanceof InputError) return error;
  throw error;
}

function byLayerThenPath(a: CatalogueEntry, b: CatalogueEntry): number {
  if (a.layer !== b.layer) return (a.layer ?? Infinity) - (b.layer ?? Infinity);
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function notWeights(source: SaeSource): InputError {
  return new InputError('this is a configuration, not the weights', {
    file: source.root,
    found: 'a file whose name ends as those of configurations do',
    expected: 'a folder or a file of weights',
    remedy: 'Point at the folder that holds both, or at the file of weights beside it.',
  });
}

function nothingFound(
  source: SaeSource,
  files: readonly SourceFile[],
  unclaimed: readonly CandidateFile[],
  formats: readonly SaeFormat[]
): InputError {
  const [other] = unclaimed;
  const tensors = other === undefined ? '' : `; ${saePath(other.file.path)} holds ${tensorNames(other)}`;
  return new InputError('no SAE found', {
    file: source.root,
    found: `${files.length} files, none of them weights of a known format${tensors}`,
    expected: formats.map(({ lookedFor }) => lookedFor).join('; or '),
    remedy: 'Point at the folder that holds the SAEs, or at one SAE.',
  });
}

function tensorNames({ tensors }: CandidateFile): string {
  const names = [...(tensors?.tensors.keys() ?? [])];
  return names.length === 0 ? 'no tensors' : names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
}
