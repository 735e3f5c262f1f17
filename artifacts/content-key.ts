import { createHash } from 'node:crypto';
import { canonicalJson } from './json';

/**
 * Version of what an artifact's bytes mean. It is part of every key, so raising it leaves all earlier artifacts unused:
 * do so whenever the same inputs and options give other bytes than before.
 */
export const ALGORITHM_VERSION = 1;

/**
 * Address of an artifact: the SHA-256, as 64 hex digits, of everything that determines its bytes. Equal inputs give the
 * same key on every machine, whatever the order of their object keys.
 *
 * @param kind what is stored, for example `fold` or `match`; equal inputs of two kinds have different keys
 * @param inputs a JSON value: hashes of the inputs and the options that matter
 * @throws SaeMatchError when `inputs` holds something that JSON cannot say, such as undefined or NaN
 */
export function contentKey(kind: string, inputs: unknown): string {
  return createHash('sha256')
    .update(canonicalJson({ algorithm: ALGORITHM_VERSION, kind, inputs }))
    .digest('hex');
}
