import { parse } from 'yaml';

/** The parser takes a second for 64 KiB of the worst text, and for the configurations that there are no more than a page. */
const MAX_CHARACTERS = 32 << 10;
/** The parser calls itself for each level; some thousand of them end the whole process, which nothing can catch. */
const MAX_LEVELS = 64;

/**
 * Parses a configuration in YAML.
 *
 * @throws Error when it is none, too long, or too deep to be one
 */
export function parseYaml(text: string): unknown {
  if (text.length > MAX_CHARACTERS) throw new Error(`${text.length} characters of YAML, at most ${MAX_CHARACTERS}`);
  if (deepestBracket(text) > MAX_LEVELS || deepestLine(text) > 2 * MAX_LEVELS) {
    throw new Error(`YAML of more than ${MAX_LEVELS} levels`);
  }
  try {
    // Looking for keys that repeat, and for the line of each error, takes time that grows with the square of the text.
    return parse(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    throw withLine(text, error);
  }
}

/** How many brackets are open at once at most; those inside texts count too, which no configuration has so many of. */
function deepestBracket(text: string): number {
  let level = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++level);
    else if (character === ']' || character === '}') level = Math.max(0, level - 1);
  }
  return deepest;
}

/** Columns in front of the content of a line: each level of blocks needs at least one. */
function deepestLine(text: string): number {
  return Math.max(...text.split(/\r\n?|\n/).map((line) => /^[\s?:-]*/.exec(line)![0].length));
}

function withLine(text: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const place = typeof error === 'object' && error !== null && 'pos' in error ? error.pos : undefined;
  if (!Array.isArray(place) || typeof place[0] !== 'number') return new Error(message);
  return new Error(`${message} at line ${text.slice(0, place[0]).split('\n').length}`);
}
