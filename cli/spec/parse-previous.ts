import { UsageError } from '../../matching/errors';
import { parseStep } from '../../sae/select/selection';
import type { PreviousSpec } from '../../workflows/run-types';

/** The previous checkpoint as flags and keys say it; the location is absolute. */
export interface GivenPrevious {
  readonly previous?: string | undefined;
  readonly step?: string | number | undefined;
  readonly kept?: string | number | undefined;
  readonly unmatched?: string | number | undefined;
}

/** Nine in ten features of a training that goes on keep this much of their direction: see docs/drift.md. */
export const DRIFT_KEPT = 0.9;
/** Fewer than one in a hundred descendants fall below it: see docs/drift.md. */
export const DRIFT_UNMATCHED = 0.5;

/**
 * The checkpoint that a run is compared with; undefined where there is none. A step alone means one of the same source.
 *
 * @param source of the run
 * @throws UsageError when a number cannot be understood, or says how to compare with nothing
 */
export function parsePrevious(given: GivenPrevious, source: string): PreviousSpec | undefined {
  const { previous, step, kept, unmatched } = given;
  if (previous === undefined && step === undefined) {
    const lonely = kept === undefined ? (unmatched === undefined ? null : '--drift-unmatched') : '--drift-kept';
    if (lonely === null) return undefined;
    throw new UsageError('there is no checkpoint to compare with', {
      field: lonely,
      expected: 'a checkpoint, as --previous or --previous-step',
    });
  }
  return {
    source: previous ?? source,
    ...(step !== undefined && { step: parseStep(step, '--previous-step') }),
    unmatched: parseCosine(unmatched ?? DRIFT_UNMATCHED, '--drift-unmatched', (value) => value < 1),
    kept: parseCosine(kept ?? DRIFT_KEPT, '--drift-kept', () => true),
  };
}

function parseCosine(given: string | number, field: string, fits: (value: number) => boolean): number {
  const value = Number(given);
  const isNumber = typeof given === 'number' || /^[+-]?(\d+\.?\d*|\.\d+)$/.test(given);
  // Adding 0 makes -0 the same run as 0.
  if (isNumber && value >= -1 && value <= 1 && fits(value)) return value + 0;
  throw new UsageError('cannot be read as a cosine', {
    field,
    found: String(given),
    expected: fits(1) ? 'a number from -1 to 1, such as 0.9' : 'a number from -1 to below 1, such as 0.5',
  });
}
