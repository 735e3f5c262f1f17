import { UsageError } from '../../matching/errors';
import { canonical } from './canonical';
import { circuitTracer } from './circuit-tracer';
import { crosscoder } from './crosscoder';
import { dictionaryLearning } from './dictionary-learning';
import type { SaeFormat } from './format';
import { gemmaScope } from './gemma-scope';
import { gemmaScope2 } from './gemma-scope-2';
import { llamaScope } from './llama-scope';
import { openai } from './openai';
import { openmoss } from './openmoss';
import { saelens } from './saelens';
import { sparsify } from './sparsify';

/** All formats that can be read. The first that claims a file has it, so a stricter format stands before a looser one. */
export const FORMATS: readonly SaeFormat[] = [
  canonical,
  gemmaScope,
  gemmaScope2,
  saelens,
  sparsify,
  llamaScope,
  openmoss,
  circuitTracer,
  openai,
  crosscoder,
  dictionaryLearning,
];

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
