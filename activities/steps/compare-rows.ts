import type { FoldedLayer, MatrixName } from '../../matching/folding';
import { foldedMse, matchedCosines } from '../../matching/report';
import { rowsFromArray } from '../../matching/row-matrix';
import type { RowMatrix } from '../../matching/row-matrix';
import type { TaskContext } from '../task-context';
import { foldedIfPossible, isSame, readRowsApart } from './rows-ref';
import type { RowsRef, SideRef } from './rows-ref';

export interface CompareRowsInput {
  readonly source: SideRef;
  readonly target: SideRef;
  readonly matrix: MatrixName;
  readonly targetFeature: Int32Array;
}

export interface ComparedRows {
  /** Of each matched pair of rows; NaN where there is none. */
  readonly cosine: Float64Array;
  /** The paper's metric of this matrix, and of the encoder biases; null where a layer cannot be folded. */
  readonly folded: number | null;
  readonly foldedBias: number | null;
}

/** Reads one matrix of both layers and compares the matched rows. */
export async function compareRowsTask(input: CompareRowsInput, context: TaskContext): Promise<ComparedRows> {
  const { source, target, matrix, targetFeature } = input;
  const read = async (ref: RowsRef): Promise<FoldedLayer> => (await readRowsApart(ref, [matrix], context)).rows;
  const [a, b] = [await read(source.rows), await read(target.rows)];
  const cosine = matchedCosines(a[matrix], b[matrix], targetFeature);
  const foldedOf = async ({ rows, folded }: SideRef, same: FoldedLayer): Promise<FoldedLayer | null> => {
    if (isSame(rows, folded)) return same;
    return folded === null ? null : foldedIfPossible(() => read(folded));
  };
  const [x, y] = [await foldedOf(source, a), await foldedOf(target, b)];
  if (x === null || y === null) return { cosine, folded: null, foldedBias: null };
  const matched = { targetFeature, a: x.excluded, b: y.excluded };
  return {
    cosine,
    folded: foldedMse(x[matrix], y[matrix], matched),
    foldedBias: foldedMse(biasOf(x), biasOf(y), matched),
  };
}

const biasOf = ({ encoderBias, features }: FoldedLayer): RowMatrix => rowsFromArray(encoderBias, features, 1);
