const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/**
 * The words of a description, each once: the runs of letters, digits and marks of its Unicode normal form KC in lower case.
 * A description without any, such as that of a feature for punctuation, has its characters other than white space instead.
 */
export function wordsOf(description: string): ReadonlySet<string> {
  const text = description.normalize('NFKC').toLowerCase();
  const words = text.match(WORD);
  return new Set(words ?? Array.from(text).filter((character) => character.trim() !== ''));
}
