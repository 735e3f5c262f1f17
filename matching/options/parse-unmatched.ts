import { UsageError } from '../errors';

/** Parses ρ of `--unmatched`: a number from −1 to 1. @throws UsageError */
export function parseUnmatched(given: string | number): number {
  const value = typeof given === 'number' ? given : Number(given);
  const isNumber = typeof given === 'number' || /^[+-]?(\d+\.?\d*|\.\d+)$/.test(given);
  // Adding 0 makes -0 the same run as 0.
  if (isNumber && value >= -1 && value <= 1) return value + 0;
  throw new UsageError('cannot be read as the cosine from which features are worth matching', {
    field: '--unmatched',
    found: String(given),
    expected: 'a number from -1 to 1, such as 0.3',
  });
}
