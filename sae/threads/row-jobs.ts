import { scaleRange } from '../../matching/scale-rows';
import type { RowScaling } from '../../matching/scale-rows';
import { placeElements } from '../containers/place-elements';
import type { Placement } from '../containers/place-elements';

/** Work on rows in shared memory that any thread can do. Its arrays are those of {@link placeElements} and {@link scaleRange}. */
export type RowJob =
  | { readonly kind: 'place'; readonly bytes: Uint8Array; readonly at: number; readonly placement: Placement }
  | { readonly kind: 'scale'; readonly scaling: RowScaling; readonly next: Int32Array };

/** Of `place`: 1 when all values are finite, else 0. Of `scale`: the first row that does not stay finite, or {@link NO_ROW}. */
export type RowAnswer = number;

/** Later than every row. */
export const NO_ROW = Infinity;

/** Rows that a thread takes at once: enough to make taking them cheap, few enough for both to end together. */
const ROWS_AT_ONCE = 64;

export function doRowJob(job: RowJob): RowAnswer {
  if (job.kind === 'place') return placeElements(job.bytes, job.at, job.placement) ? 1 : 0;
  return scaleShare(job.scaling, job.next);
}

/** Takes rows until none is left. Every row before one that was taken was taken too, so the smallest answer is the first. */
function scaleShare(scaling: RowScaling, next: Int32Array): number {
  const { rows } = scaling.from;
  for (;;) {
    const first = Atomics.add(next, 0, ROWS_AT_ONCE);
    if (first >= rows) return NO_ROW;
    const overflow = scaleRange(scaling, first, Math.min(rows, first + ROWS_AT_ONCE));
    if (overflow !== null) return overflow;
  }
}
