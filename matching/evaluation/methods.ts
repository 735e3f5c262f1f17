import { UsageError } from '../errors';

/** Ways to choose a target for every source feature, which an evaluation compares. */
export type Method =
  'identity' | 'random' | 'nearest' | 'mutual_nearest' | 'greedy' | 'matched_unfolded' | 'matched_folded';

export const METHODS: readonly Method[] = [
  'identity',
  'random',
  'nearest',
  'mutual_nearest',
  'greedy',
  'matched_unfolded',
  'matched_folded',
];

/** Reads a list such as `identity,random`; in the order of {@link METHODS}. @throws UsageError */
export function parseMethods(text: string): Method[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !METHODS.some((method) => method === name));
  if (unknown === undefined) return METHODS.filter((method) => names.includes(method));
  throw new UsageError('unknown method', { field: '--methods', found: unknown, expected: METHODS.join(', ') });
}
