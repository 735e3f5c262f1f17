import { UsageError } from '../../matching/errors';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Whole seconds of a duration such as `90s`, `30m`, `12h` or `7d`; a plain number counts seconds. @throws UsageError */
export function parseDuration(text: string | number, field: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*$/i.exec(String(text));
  const seconds = match === null ? NaN : Math.round(Number(match[1]) * SECONDS[(match[2]! || 's').toLowerCase()]!);
  if (seconds <= LONGEST_SECONDS) return seconds;
  throw new UsageError('cannot be understood as a duration', {
    field,
    found: String(text),
    expected: 'a duration such as 90s, 30m, 12h or 7d, of ten years at most',
  });
}

const LONGEST_SECONDS = 3650 * 86_400;
