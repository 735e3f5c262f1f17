import { parseDuration } from '../../../cli/spec/parse-duration';
import { UsageError } from '../../../matching/errors';

test.each([
  ['24h', 86_400],
  ['90m', 5400],
  ['90 min', 5400],
  ['1.5d', 129_600],
  ['30S', 30],
  ['0', 0],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text, '--older-than')).toBe(seconds);
});

test.each(['', '24', 'h', '-1h', '1w', '1h30m', 'toString'])('%j is no time', (text) => {
  expect(() => parseDuration(text, '--older-than')).toThrow(UsageError);
});
