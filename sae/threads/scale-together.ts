import { isShared } from '../../matching/row-matrix';
import type { RowMatrix } from '../../matching/row-matrix';
import { scaledInto, scaleRows } from '../../matching/scale-rows';
import type { ScalingWork } from '../../matching/scale-rows';
import { rowHelpers } from './row-helper';
import type { RowHelper } from './row-helper';
import { doRowJob, NO_ROW } from './row-jobs';
import type { RowJob } from './row-jobs';

/** {@link scaleRows} with helpers where the matrix is large and in shared memory: each takes rows until none is left. */
export async function scaleTogether(...work: ScalingWork): Promise<RowMatrix> {
  const [matrix] = work;
  const helpers = isShared(matrix) ? rowHelpers(matrix.rows * matrix.columns) : [];
  return helpers.length === 0 ? scaleRows(...work) : scaleWith(helpers, ...work);
}

/** The same with these helpers. */
export async function scaleWith(
  helpers: readonly RowHelper[],
  ...[matrix, scale, scaling, { reuse = false, onOverflow }]: ScalingWork
): Promise<RowMatrix> {
  const to = scaledInto(matrix, reuse);
  const next = new Int32Array(new SharedArrayBuffer(4));
  const job: RowJob = { kind: 'scale', scaling: { from: matrix, to, scale, scaling }, next };
  const answers = helpers.map((helper) => helper.ask(job));
  const overflow = Math.min(doRowJob(job), ...(await Promise.all(answers)));
  if (overflow !== NO_ROW) onOverflow?.(overflow);
  return to;
}
