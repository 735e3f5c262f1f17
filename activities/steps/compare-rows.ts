import type { FoldedLayer, MatrixName } from '../../matching/folding';
import { foldedMse, matchedCosines } from '../../matching/report';
import { rowsFromArray } from '../../matching/row-matrix';
import type { RowMatrix } from '../../matching/row-matrix';
import type { TaskContext } from '../task-context';
import { readRowsApart } from './rows-ref';
import type { RowsRef } from './rows-ref';

export interface CompareRowsInput {
  readonly source: RowsRef;
  readonly target: RowsRef;
  readonly matrix: MatrixName;
  readonly targetFeature: Int32Array;
}

export interface ComparedRows {
  /** Of each matched pair of rows; NaN where there is none. */
  readonly cosine: Float64Array;
  /** The paper's metric of these rows, and of the encoder biases, if they are folded; null where they cannot be compared. */
  readonly mse: number | null;
  readonly biasMse: number | null;
}

/** Reads one matrix of both layers and compares the matched rows. */
export async function compareRowsTask(input: CompareRowsInput, context: TaskContext): Promise<ComparedRows> {
  const { source, target, matrix, targetFeature } = input;
  const a = (await readRowsApart(source, [matrix], context)).rows;
  const b = (await readRowsApart(target, [matrix], context)).rows;
  const matched = { targetFeature, a: a.excluded, b: b.excluded };
  return {
    cosine: matchedCosines(a[matrix], b[matrix], targetFeature),
    mse: foldedMse(a[matrix], b[matrix], matched),
    biasMse: foldedMse(biasOf(a), biasOf(b), matched),
  };
}

const biasOf = ({ encoderBias, features }: FoldedLayer): RowMatrix => rowsFromArray(encoderBias, features, 1);
