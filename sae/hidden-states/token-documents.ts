import { InputError } from '../../matching/errors';
import { readJsonLines } from '../json-lines';
import type { SaeSource } from '../sources/source';

/** Fields of a token that name its document, the first that is there. */
const FIELDS = ['document', 'doc'] as const;

/** The documents of some tokens, numbered from 0 as they first appear. */
export interface TokenDocuments {
  /** `[tokens]` */
  readonly document: Int32Array;
  readonly documents: number;
}

/**
 * Reads of which document every token is: a file of JSON lines, one a token in their order, each with `document` (or `doc`).
 *
 * @throws InputError when a line has none, or there are more or fewer lines than tokens
 */
export async function readTokenDocuments(source: SaeSource, path: string, tokens: number): Promise<TokenDocuments> {
  const file = source.locate(path);
  const numbers = new Map<string, number>();
  const document = new Int32Array(tokens);
  let token = 0;
  for await (const { line, row } of readJsonLines(source.stream(path), file)) {
    const name = FIELDS.map((field) => row[field]).find((value) => value !== undefined && value !== null);
    if (typeof name !== 'string' && typeof name !== 'number') {
      throw new InputError('a token without a document', {
        ...{ file, field: `line ${line}`, found: JSON.stringify(row).slice(0, 80) },
        expected: 'a field document with the name of its document',
      });
    }
    const number = numbers.get(String(name)) ?? numbers.size;
    numbers.set(String(name), number);
    if (token < tokens) document[token] = number;
    token += 1;
  }
  if (token === tokens) return { document, documents: numbers.size };
  throw new InputError('the tokens are not those of the hidden states', {
    ...{ file, found: `${token} tokens`, expected: `${tokens}, one line each` },
  });
}

/** All tokens in one document: what is known where no file says more. */
export function oneDocument(tokens: number): TokenDocuments {
  return { document: new Int32Array(tokens), documents: Math.min(1, tokens) };
}
