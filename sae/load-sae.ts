import { InputError } from '../matching/errors';
import type { CanonicalSae } from './canonical';
import type { CatalogueEntry } from './catalogue-entry';
import { formatByName } from './formats/registry';
import type { SaeSource, TransferOptions } from './sources/source';
import { SourceView } from './sources/source-view';

/**
 * Reads all weights of one SAE into canonical form.
 *
 * @throws InputError when the entry has an error already, shapes do not agree, a value is NaN or infinite, or a file is
 * damaged, missing or a Git LFS pointer.
 * @throws UnavailableError when the source does not answer.
 */
export async function loadSae(
  source: SaeSource,
  entry: CatalogueEntry,
  options: TransferOptions = {}
): Promise<CanonicalSae> {
  if (entry.error !== null) throw entry.error;
  if (entry.format === null) {
    throw new InputError('the format of this SAE is not known', { file: source.locate(entry.path) });
  }
  await source.bringHere(
    entry.files.map(({ path }) => path),
    options
  );
  return formatByName(entry.format).load(new SourceView(source, entry.files), entry);
}
