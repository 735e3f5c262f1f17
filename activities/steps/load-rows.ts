import type { ManifestInput } from '../../artifacts/manifest';
import { foldLayer } from '../../matching/folding';
import type { FoldedLayer, FoldOptions, MatrixName } from '../../matching/folding';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { READING } from '../task-context';
import type { TaskContext } from '../task-context';
import { loadInput } from './load-input';
import { scaleUnchanged } from './scale-unchanged';
import type { ExpectedScale } from './scale-unchanged';

export interface LoadRowsInput extends Pick<FoldOptions, 'fold' | 'degenerate'> {
  /** A folder, a file, or `<source>#<layer>`. */
  readonly argument: string;
  readonly format: string | null;
  /** Hashes that its files must have. */
  readonly sha256: readonly string[];
  /** The scale that is folded in; absent: its own. */
  readonly scale?: ExpectedScale;
  readonly matrices: readonly MatrixName[];
}

export interface LoadedRows {
  readonly input: ManifestInput;
  readonly rows: FoldedLayer;
}

/** Reads one SAE into rows in shared memory. @throws InputError also when its files are not the expected ones */
export async function loadRowsTask(input: LoadRowsInput, context: TaskContext): Promise<LoadedRows> {
  const { argument, format, fold, degenerate, matrices } = input;
  context.onProgress(READING);
  const { source, entry } = await resolveSaeArgument(argument, format === null ? {} : { format });
  const expected = input.sha256.map((sha256) => ({ sha256 }));
  const { sae: stored, files } = await loadInput(source, entry, expected, context);
  const { sae, files: scaleFiles } = await scaleUnchanged(stored, input.scale, { source, entry }, context);
  const rows = foldLayer(sae, { fold, degenerate, file: argument, matrices, reuse: true });
  const header = { ...sae.header, notes: [...sae.header.notes] };
  const scale = scaleFiles.length > 0 && { scale: { location: input.scale!.choice, files: [...scaleFiles] } };
  return { input: { layer: sae.header.layer, path: argument, files: [...files], ...scale, header }, rows };
}
