import { UsageError } from '../../matching/errors';
import { canonical } from './canonical';
import type { SaeFormat } from './format';
import { gemmaScope } from './gemma-scope';
import { saelens } from './saelens';

/** All formats that can be read. The first that claims a file has it, so a stricter format stands before a looser one. */
export const FORMATS: readonly SaeFormat[] = [canonical, gemmaScope, saelens];

/** The reader of a format. @throws UsageError when there is none of that name. */
export function formatByName(name: string): SaeFormat {
  const format = FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  throw new UsageError('unknown SAE format', {
    field: '--format',
    found: name,
    expected: FORMATS.map((candidate) => candidate.name).join(' | '),
  });
}
