import { openStore } from '../../artifacts/store/open-store';
import { InputError } from '../../matching/errors';
import type { FoldedLayer, MatrixName } from '../../matching/folding';
import { runSubtask } from '../thread/run-subtask';
import type { TaskContext } from '../task-context';
import { readFolded } from './folded-artifact';
import { loadRowsTask } from './load-rows';
import type { LoadedRows, LoadRowsInput } from './load-rows';

/** Where the rows of one layer come from: an SAE of the user's, or a layer in the store. */
export type RowsRef =
  | ({ readonly kind: 'sae' } & Omit<LoadRowsInput, 'matrices'>)
  | { readonly kind: 'stored'; readonly out: string; readonly key: string };

/** One layer of a pair. */
export interface SideRef {
  /** How a user would name it. */
  readonly name: string;
  readonly rows: RowsRef;
  /** The folded rows, for the paper's metric: often the same; null when the layer cannot be folded. */
  readonly folded: RowsRef | null;
}

export interface ReadRows {
  readonly rows: FoldedLayer;
  /** What is known of the files, where rows were read from an SAE. */
  readonly input: LoadedRows['input'] | null;
}

/** Reads some matrices of a layer; the others come with no columns. */
export async function readRows(ref: RowsRef, matrices: readonly MatrixName[], context: TaskContext): Promise<ReadRows> {
  if (ref.kind === 'sae') return loadRowsTask({ ...ref, matrices }, context);
  return { rows: await readFolded(openStore(ref.out), ref.key, context, matrices), input: null };
}

/** The same, but weights as stored are read in a thread of their own, which gives back their memory as it ends. */
export async function readRowsApart(
  ref: RowsRef,
  matrices: readonly MatrixName[],
  context: TaskContext
): Promise<ReadRows> {
  return ref.kind === 'stored'
    ? readRows(ref, matrices, context)
    : runSubtask('loadRows', { ...ref, matrices }, context);
}

export function isSame(a: RowsRef, b: RowsRef | null): boolean {
  return inWords(a) === inWords(b);
}

/** What was read of a scale is long, and its files say it. */
function inWords(ref: RowsRef | null): string {
  return JSON.stringify(ref, (key, value: unknown) => (key === 'read' ? undefined : value));
}

/** The paper's metric is null for a layer that cannot be folded; the match itself does not need it. */
export async function foldedIfPossible<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
