import { UsageError } from '../matching/errors';

const UNITS: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Parses a size such as `4GiB`, `500 MB` or a plain number of bytes. @throws UsageError */
export function parseBytes(text: string | number, field: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(text));
  const unit = match === null ? undefined : UNITS[match[2]!.toUpperCase()];
  const bytes = unit === undefined ? 0 : Math.floor(Number(match![1]) * unit);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError('cannot be understood as a size', {
    field,
    found: String(text),
    expected: 'a size such as 4GiB',
  });
}
