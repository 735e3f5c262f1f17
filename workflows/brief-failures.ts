import type { Failure } from './run-types';

/** Failures of a run that are told in full whatever they say. */
const MOST_IN_FULL = 64;
/** Characters of a failure that says nothing shorter about itself. */
const MOST_CHARACTERS = 120;

/**
 * Keeps failures small enough to travel in one piece, also when every one of thousands of pairs fails: beyond the first ones,
 * only the first of each cause is told in full, the others by what is wrong without saying where.
 *
 * @param mostInFull failures, and causes, that are told in full
 */
export function briefFailures(failures: readonly Failure[], mostInFull = MOST_IN_FULL): readonly Failure[] {
  const told = new Set<string>();
  return failures.map((failure, index) => {
    const { what, layers, type, message, summary } = failure;
    const cause = JSON.stringify([what, type, summary ?? message.slice(0, MOST_CHARACTERS)]);
    const isFirst = !told.has(cause) && told.size < mostInFull;
    told.add(cause);
    if (index < mostInFull || isFirst) return failure;
    return { what, layers, type, message: shortened(summary ?? message) };
  });
}

const shortened = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
