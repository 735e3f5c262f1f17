import { parseParallel } from '../../../cli/spec/parse-parallel';
import { resolveRun } from '../../../cli/spec/resolve-spec';
import { UsageError } from '../../../matching/errors';

it.each([
  ['1', 1],
  [250, 250],
  ['10000', 10_000],
])('%j is %d pairs at once', (given, pairs) => {
  expect(parseParallel(given)).toBe(pairs);
});

it.each(['', '0', '-1', '1.5', 'many', '10001', '1e3'])('refuses %j', (given) => {
  expect(() => parseParallel(given)).toThrow(UsageError);
  expect(() => parseParallel(given)).toThrow('--parallel: not a usable number of pairs');
});

it('leaves the id of a run as it is', () => {
  expect(resolveRun('saes', { parallel: '3' }, '/')).toEqual({ ...resolveRun('saes', {}, '/'), parallel: 3 });
});
