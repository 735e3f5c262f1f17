import type { CanonicalSae } from '../../sae/canonical';
import { bytesOf } from '../../sae/catalogue-entry';
import type { CatalogueEntry } from '../../sae/catalogue-entry';
import { hashInputs } from '../../sae/hash-inputs';
import type { InputFile } from '../../sae/hash-inputs';
import { loadSae } from '../../sae/load-sae';
import { InputError } from '../../matching/errors';
import type { SaeSource } from '../../sae/sources/source';
import { reportTransfer } from '../task-context';
import type { TaskContext } from '../task-context';

/** What a file must be. */
export interface ExpectedFile {
  readonly sha256: string;
  readonly version?: string;
}

/**
 * Reads an SAE whose files were fixed before, downloading them where they lie elsewhere.
 *
 * @param expected the files as they were, in the order of the entry
 * @throws InputError when one is another now; both versions are named
 * @throws UnavailableError when the source does not answer
 */
export async function loadInput(
  source: SaeSource,
  entry: CatalogueEntry,
  expected: readonly ExpectedFile[],
  context: TaskContext
): Promise<{ readonly sae: CanonicalSae; readonly files: readonly InputFile[] }> {
  const sae = await loadSae(source, entry, { onTransfer: reportTransfer(context, bytesOf(entry)) });
  const files = await hashInputs(source, entry, { onProgress: context.throwIfCancelled });
  files.forEach((file, index) => {
    checkUnchanged(source.locate(file.path), file, expected[index]);
  });
  return { sae, files };
}

function checkUnchanged(file: string, now: ExpectedFile, before: ExpectedFile | undefined): void {
  if (before?.sha256 === now.sha256) return;
  throw new InputError('the file changed since it was first looked at', {
    file,
    found: nameOf(now),
    expected: before === undefined ? 'no such file' : nameOf(before),
    remedy: 'Start or resume again when nothing writes to it any more: files are then looked at anew.',
  });
}

function nameOf({ sha256, version }: ExpectedFile): string {
  const hash = `SHA-256 ${sha256.slice(0, 12)}…`;
  return version === undefined ? hash : `${version}, ${hash}`;
}
