import { parseUnmatched } from '../../../matching/options/parse-unmatched';
import { UsageError } from '../../../matching/errors';

it.each([
  ['0.3', 0.3],
  ['-0.25', -0.25],
  ['.5', 0.5],
  ['1', 1],
  [0.75, 0.75],
])('reads %j as %d', (given, value) => {
  expect(parseUnmatched(given)).toBe(value);
});

it('takes minus zero for zero, so that both are the same run', () => {
  expect(Object.is(parseUnmatched('-0'), 0)).toBe(true);
});

it.each(['', 'x', '1.01', '-2', '1e-1', 'NaN', Infinity, Number.NaN, '0x1', ' 0.3'])('refuses %j', (given) => {
  expect(() => parseUnmatched(given)).toThrow(UsageError);
});
