import type { ManifestInput } from '../../artifacts/manifest';
import { InputError } from '../../matching/errors';
import { foldLayer } from '../../matching/folding';
import type { FoldedLayer, FoldOptions, MatrixName } from '../../matching/folding';
import { hashInputs } from '../../sae/hash-inputs';
import { loadSae } from '../../sae/load-sae';
import { resolveSaeArgument } from '../../sae/sae-argument';
import type { TaskContext } from '../task-context';

export interface LoadRowsInput extends Pick<FoldOptions, 'fold' | 'degenerate'> {
  /** A folder, a file, or `<source>#<layer>`. */
  readonly argument: string;
  readonly format: string | null;
  /** Hashes that its files must have. */
  readonly sha256: readonly string[];
  readonly matrices: readonly MatrixName[];
}

export interface LoadedRows {
  readonly input: ManifestInput;
  readonly rows: FoldedLayer;
}

/** Reads one SAE into rows in shared memory. @throws InputError also when its files are not the expected ones */
export async function loadRowsTask(input: LoadRowsInput, context: TaskContext): Promise<LoadedRows> {
  const { argument, format, fold, degenerate, matrices } = input;
  context.onProgress({ phase: 'reading', done: 0, total: 1, gap: null });
  const { source, entry } = await resolveSaeArgument(argument, format === null ? {} : { format });
  const sae = await loadSae(source, entry);
  const files = await hashInputs(source, entry, { onProgress: context.throwIfCancelled });
  files.forEach((file, index) => {
    if (input.sha256[index] === file.sha256) return;
    throw new InputError('the file changed while it was matched', {
      file: file.path,
      found: `SHA-256 ${file.sha256.slice(0, 12)}…`,
      expected: `${input.sha256[index]?.slice(0, 12) ?? 'no such file'}…`,
      remedy: 'Start again when nothing writes to it any more.',
    });
  });
  const rows = foldLayer(sae, { fold, degenerate, file: argument, matrices });
  const header = { ...sae.header, notes: [...sae.header.notes] };
  return { input: { layer: sae.header.layer, path: argument, files: [...files], header }, rows };
}
