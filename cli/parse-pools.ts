import { UsageError } from '../matching/errors';
import { POOLS } from '../workers/pools';
import type { Pool } from '../workers/pools';

/** Kinds of work as `--pools` lists them. @throws UsageError */
export function parsePools(text: string): Pool[] {
  return text.split(',').map((name) => {
    const pool = POOLS.find((candidate) => candidate === name.trim());
    if (pool !== undefined) return pool;
    throw new UsageError('unknown pool', { field: '--pools', found: name, expected: POOLS.join(', ') });
  });
}
