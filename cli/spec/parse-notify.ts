import { UsageError } from '../../matching/errors';
import type { NotifyChoice } from '../../workflows/run-types';

/** Flags and keys that say whom to tell, as they were given. */
export interface GivenNotify {
  readonly notify?: boolean | undefined;
  readonly drift?: string | number | undefined;
}

/**
 * What the webhook is told; undefined where it is told nothing. A share of drift alone asks for the webhook as well.
 *
 * @param compares whether there is a checkpoint that drift is measured against
 * @throws UsageError when the share cannot be understood, or there is nothing to compare with
 */
export function parseNotify({ notify, drift }: GivenNotify, compares: boolean): NotifyChoice | undefined {
  if (drift === undefined) return notify === true ? {} : undefined;
  const field = '--notify-drift';
  const share = Number(drift);
  const isNumber = typeof drift === 'number' || /^(\d+\.?\d*|\.\d+)$/.test(drift);
  if (!isNumber || !(share >= 0 && share < 1)) {
    throw new UsageError('cannot be read as a share of the features', {
      ...{ field, found: String(drift), expected: 'a number from 0 to below 1, such as 0.2' },
    });
  }
  if (compares) return { driftAbove: share };
  throw new UsageError('there is no checkpoint to compare with', {
    ...{ field, expected: 'a checkpoint, as --previous or --previous-step' },
  });
}
