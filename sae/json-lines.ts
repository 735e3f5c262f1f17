import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../matching/errors';

/** One row of a file of JSON lines. */
export interface JsonLine {
  /** Counted from 1. */
  readonly line: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Rows of exports have some hundred kilobytes at most; what is longer is another kind of file. */
const MAX_LINE_BYTES = 16 << 20;
const NEWLINE = 10;

/**
 * Reads a file of one JSON object a line, gzipped or not, which shows in its first bytes. Blank lines are passed over; no more
 * than one line is in memory, beside what a chunk unpacks to.
 *
 * @param file named in errors
 * @throws InputError when it ends in the middle of a gzip stream, is damaged, or a line is no JSON object or too long
 */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<JsonLine> {
  let line = 0;
  for await (const bytes of splitLines(unpacked(chunks, file), file)) {
    line += 1;
    const text = bytes.toString('utf8').trim();
    if (text !== '') yield { line, row: parseRow(text, file, line) };
  }
}

function parseRow(text: string, file: string, line: number): JsonLine['row'] {
  const fail = (found: string, cause?: unknown): InputError =>
    new InputError('the line cannot be read', {
      ...{ file, field: `line ${line}`, found, expected: 'a JSON object', cause },
    });
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    throw fail(JSON.stringify(text.slice(0, 60)), cause);
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return { ...row };
  throw fail(JSON.stringify(row).slice(0, 60));
}

async function* splitLines(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      held = 0;
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held > MAX_LINE_BYTES) {
      throw new InputError('a line is too long', {
        ...{ file, found: `more than ${MAX_LINE_BYTES} bytes`, expected: 'one JSON object a line' },
      });
    }
  }
  yield Buffer.concat(parts);
}

async function* unpacked(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const all = continued(start, iterator);
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* all;
    return;
  }
  // A failure of either end reaches the reader below as its own.
  const gunzip = pipeline(Readable.from(all), createGunzip(), () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (cause) {
    throw asInputError(cause, file);
  }
}

async function* continued(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function asInputError(cause: unknown, file: string): unknown {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  if (!code.startsWith('Z_')) return cause;
  const isCutOff = code === 'Z_BUF_ERROR';
  return new InputError(isCutOff ? 'the file ends early' : 'the file is damaged', {
    ...{ file, found: isCutOff ? 'the beginning of a gzip file' : String(cause) },
    ...{ expected: 'a whole gzip file', remedy: 'Download or copy it again.', cause },
  });
}
