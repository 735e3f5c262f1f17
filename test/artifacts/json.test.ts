import fc from 'fast-check';
import { canonicalJson } from '../../artifacts/json';

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)])
  );
}

test('every JSON value parses back to itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    })
  );
});

test('the order of object keys does not matter', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    })
  );
});

test('keys are sorted by code unit and nothing is added', () => {
  expect(canonicalJson({ b: [1, -0, 0.1], a: { é: null, Z: 'x', a: true } })).toBe(
    '{"a":{"Z":"x","a":true,"é":null},"b":[1,0,0.1]}'
  );
});

test.each([
  ['undefined in an object', { a: { b: undefined } }, '$.a.b'],
  ['a hole in an array', { a: new Array<number>(1) }, '$.a[0]'],
  ['NaN', [NaN], '$[0]'],
  ['an infinity', -Infinity, '$'],
  ['a bigint', { a: 1n }, '$.a'],
  ['a typed array', { a: new Float32Array(2) }, '$.a'],
  ['a date', { a: new Date(0) }, '$.a'],
  ['a map', new Map(), '$'],
  ['an instance of a class', { a: new URL('file:///x') }, '$.a'],
])('%s is refused with its place', (_, value, path) => {
  expect(() => canonicalJson(value)).toThrow(`${path}: not a JSON value`);
});
