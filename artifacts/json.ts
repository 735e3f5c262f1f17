import { SaeMatchError } from '../matching/errors';

/**
 * The one text of a JSON value: object keys sorted by UTF-16 code unit, no white space, `-0` written as `0`. Equal
 * values give equal texts, so the text can be hashed and compared.
 *
 * @throws SaeMatchError when the value holds something that JSON cannot say: undefined, NaN, an infinity, a bigint, a
 * function, or an object that is not a plain one (a typed array, a Map, a Date).
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, (item, i) => write(item, `${path}[${i}]`)).join(',')}]`;
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${write(value[key], `${path}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  throw new SaeMatchError('not a JSON value', {
    field: path,
    found: describe(value),
    expected: 'null, a boolean, a finite number, a string, an array or a plain object',
  });
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  // By its tag and not by its prototype: an object from another realm (a worker's, a test runner's) is plain too.
  return Object.prototype.toString.call(value) === '[object Object]' && !isClassInstance(value);
}

function isClassInstance(value: unknown): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}
