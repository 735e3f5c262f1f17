import { createHash } from 'node:crypto';
import { canonicalJson } from '../../artifacts/json';
import type { RunSpec } from '../../workflows/run-types';

/** Twelve hex digits of the hash of a resolved specification. */
export function runIdOf(spec: RunSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 12);
}
