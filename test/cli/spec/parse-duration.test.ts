import { parseDuration } from '../../../cli/spec/parse-duration';
import { UsageError } from '../../../matching/errors';

it.each([
  ['90s', 90],
  ['30m', 1800],
  ['1.5h', 5400],
  ['7d', 604_800],
  ['7D', 604_800],
  [' 12 h ', 43_200],
  ['45', 45],
  [45, 45],
  ['0', 0],
])('%j are %d seconds', (given, seconds) => {
  expect(parseDuration(given, '--deadline')).toBe(seconds);
});

it.each(['', 'soon', '-1s', '7w', '1e3', 'NaN', '4000d', '1h30m'])('refuses %j', (given) => {
  const parse = () => parseDuration(given, '--deadline');
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow('--deadline: cannot be understood as a duration');
});
