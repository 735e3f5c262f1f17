import { createHash } from 'node:crypto';
import { canonicalJson } from './json';

/**
 * Version of what an artifact's bytes mean. It is part of every key, so raising it leaves all earlier artifacts unused:
 * do so whenever the same inputs and options give other bytes than before.
 */
export const ALGORITHM_VERSION = 1;

/** Everything that determines the bytes of an artifact. */
export interface Ingredients {
  /** What is stored, for example `fold` or `match`; equal inputs of two kinds have different keys. */
  readonly kind: string;
  /** A JSON value: hashes of the inputs and the options that matter. */
  readonly inputs: unknown;
}

/**
 * The text that a content key is the hash of: sorted JSON with `algorithm`, `kind` and `inputs`.
 *
 * @throws SaeMatchError when the inputs hold something that JSON cannot say, such as undefined or NaN
 */
export function keyText({ kind, inputs }: Ingredients): string {
  return canonicalJson({ algorithm: ALGORITHM_VERSION, kind, inputs });
}

/**
 * Address of an artifact: the SHA-256, as 64 hex digits, of everything that determines its bytes. Equal inputs give the
 * same key on every machine, whatever the order of their object keys.
 *
 * @throws SaeMatchError like {@link keyText}
 */
export function contentKey(kind: string, inputs: unknown): string {
  return keyOfText(keyText({ kind, inputs }));
}

/** The content key that a key text has. */
export function keyOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
