import { exitCodeOfError, exitCodeOfState } from '../../cli/exit-codes';
import { CancelledError, InputError, SaeMatchError, UnavailableError, UsageError } from '../../matching/errors';
import type { RunState } from '../../workflows/run-types';

it.each<[RunState, number]>([
  ['running', 0],
  ['done', 0],
  ['failed', 1],
  ['partial', 3],
  ['cancelled', 130],
])('a run that is %s gives exit code %d', (state, code) => {
  expect(exitCodeOfState(state)).toBe(code);
});

it.each([
  [new UsageError('x'), 2],
  [new CancelledError(), 130],
  [new InputError('x'), 1],
  [new UnavailableError('x'), 1],
  [new SaeMatchError('x'), 1],
  [new Error('x'), 1],
  ['x', 1],
])('%s gives exit code %d', (error, code) => {
  expect(exitCodeOfError(error)).toBe(code);
});
