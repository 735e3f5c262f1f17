import { UsageError } from '../errors';

/** Choices that take no matching. */
const BASELINES = ['identity', 'random', 'nearest', 'mutual_nearest', 'greedy'] as const;

/**
 * Optimal matchings: with folding and without, by the weights that the run matches on; and by other weights, folded or not as
 * the run does.
 */
export const MATCHED_METHODS = [
  'matched_unfolded',
  'matched_folded',
  'matched_decoder',
  'matched_encoder',
  'matched_decoder+encoder',
  'matched_all',
] as const;
export type MatchedMethod = (typeof MATCHED_METHODS)[number];

/** Ways to choose a target for every source feature, which an evaluation compares. */
export type Method = (typeof BASELINES)[number] | MatchedMethod;

export const METHODS: readonly Method[] = [...BASELINES, ...MATCHED_METHODS];

/** What is compared unless methods are named: other weights take other matchings, which cost as much as the run. */
export const USUAL_METHODS: readonly Method[] = [...BASELINES, 'matched_unfolded', 'matched_folded'];

/** Reads a list such as `identity,random`; in the order of {@link METHODS}. @throws UsageError */
export function parseMethods(text: string): Method[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !METHODS.some((method) => method === name));
  if (unknown === undefined) return METHODS.filter((method) => names.includes(method));
  throw new UsageError('unknown method', { field: '--methods', found: unknown, expected: METHODS.join(', ') });
}
