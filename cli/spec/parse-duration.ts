import { UsageError } from '../../matching/errors';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Parses a time such as `24h`, `90m` or `7d`; 0 needs no unit. Returns seconds. @throws UsageError */
export function parseDuration(text: string, field: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const value = Number(match?.[1]);
  const unit = SECONDS[match?.[2]?.toLowerCase() ?? ''];
  if (value === 0) return 0;
  if (match !== null && unit !== undefined) return value * unit;
  throw new UsageError('cannot be understood as a time', {
    field,
    found: text,
    expected: 'a number with s, m, h or d, such as 24h',
  });
}
