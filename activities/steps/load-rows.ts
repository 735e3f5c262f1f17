import type { ManifestInput } from '../../artifacts/manifest';
import { foldLayer } from '../../matching/folding';
import type { FoldedLayer, FoldOptions, MatrixName } from '../../matching/folding';
import { resolveSaeArgument } from '../../sae/sae-argument';
import type { TaskContext } from '../task-context';
import { loadInput } from './load-input';

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
  const expected = input.sha256.map((sha256) => ({ sha256 }));
  const { sae, files } = await loadInput(source, entry, expected, context);
  const rows = foldLayer(sae, { fold, degenerate, file: argument, matrices, reuse: true });
  const header = { ...sae.header, notes: [...sae.header.notes] };
  return { input: { layer: sae.header.layer, path: argument, files: [...files], header }, rows };
}
