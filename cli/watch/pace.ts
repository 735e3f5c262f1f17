import type { RunProgress } from '../../workflows/run-types';

/** How fast pairs are matched. */
export interface Pace {
  readonly pairsPerMinute: number;
  /** Until all pairs are matched; of composing and publishing nothing is known. */
  readonly secondsLeft: number;
}

/** Fewer ends may be those of one moment, and tell no pace. */
const FEWEST_ENDS = 3;

/**
 * The pace at which pairs followed each other lately. Pairs that were found done do not count; when none ends any more, the
 * pace sinks.
 *
 * @returns null when too few pairs ended to tell, or when no pairs are being matched
 */
export function paceOf(progress: RunProgress, now: number): Pace | null {
  const { phase, pairs, drift, recentEnds: ends } = progress;
  const { total, done, failed } = phase === 'drift' && drift !== undefined ? drift : pairs;
  if ((phase !== 'matching' && phase !== 'drift') || ends.length < FEWEST_ENDS) return null;
  const seconds = (now - Math.min(...ends)) / 1000;
  if (seconds <= 0) return null;
  // The first of the ends only says when the time begins.
  const perSecond = (ends.length - 1) / seconds;
  return { pairsPerMinute: 60 * perSecond, secondsLeft: Math.max(0, total - done - failed) / perSecond };
}
