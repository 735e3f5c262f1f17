import { createHash } from 'node:crypto';
import { ALGORITHM_VERSION, contentKey } from '../../artifacts/content-key';

test('the key is the SHA-256 of the version, the kind and the inputs in canonical form', () => {
  const text = `{"algorithm":${ALGORITHM_VERSION},"inputs":{"files":["ab","cd"],"fold":true},"kind":"fold"}`;
  const expected = createHash('sha256').update(text).digest('hex');
  expect(contentKey('fold', { fold: true, files: ['ab', 'cd'] })).toBe(expected);
  expect(contentKey('fold', { files: ['ab', 'cd'], fold: true })).toBe(expected);
});

test('another kind, another value or another order of a list gives another key', () => {
  const keys = [
    contentKey('fold', { files: ['ab', 'cd'] }),
    contentKey('match', { files: ['ab', 'cd'] }),
    contentKey('fold', { files: ['cd', 'ab'] }),
    contentKey('fold', { files: ['abcd'] }),
    contentKey('fold', { files: ['ab', 'cd'], fold: null }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('an option that is undefined or NaN is refused, so that it cannot silently share a key', () => {
  expect(() => contentKey('fold', { fold: undefined })).toThrow('$.inputs.fold');
  expect(() => contentKey('fold', { rho: NaN })).toThrow('$.inputs.rho');
});
