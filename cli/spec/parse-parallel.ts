import { UsageError } from '../../matching/errors';

export const DEFAULT_PARALLEL = 64;
/** Thousands of activities in flight are what a Temporal server and one workflow worker can follow. */
const MOST = 10_000;

/** Reads how many pairs of a run are in flight at once. @throws UsageError */
export function parseParallel(text: string | number): number {
  const count = /^\d{1,5}$/.test(String(text)) ? Number(text) : 0;
  if (count >= 1 && count <= MOST) return count;
  throw new UsageError('not a usable number of pairs', {
    field: '--parallel',
    found: String(text),
    expected: `a whole number from 1 to ${MOST}`,
  });
}
