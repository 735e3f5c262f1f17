import { parsePrevious } from '../../../cli/spec/parse-previous';
import { UsageError } from '../../../matching/errors';

it('is nothing where nothing is asked for', () => {
  expect(parsePrevious({}, '/saes')).toBeUndefined();
});

it('takes a step alone for one of the same source', () => {
  expect(parsePrevious({ step: '2000' }, '/saes')).toEqual({ source: '/saes', step: 2000, unmatched: 0.5, kept: 0.9 });
});

it('keeps what is given', () => {
  const given = { previous: '/earlier', kept: '.8', unmatched: 0.3 };
  expect(parsePrevious(given, '/saes')).toEqual({ source: '/earlier', unmatched: 0.3, kept: 0.8 });
});

it.each([{ kept: 0.9 }, { unmatched: '0.5' }])('refuses to say with %j how to compare with nothing', (given) => {
  expect(() => parsePrevious(given, '/saes')).toThrow(UsageError);
  expect(() => parsePrevious(given, '/saes')).toThrow(/--drift-(kept|unmatched): there is no checkpoint/);
});

it.each([{ step: '-1' }, { step: '1.5' }, { step: 'last' }, { kept: '1.1' }, { kept: 'x' }, { unmatched: '1' }])(
  'refuses %j',
  (given) => {
    expect(() => parsePrevious({ previous: '/earlier', ...given }, '/saes')).toThrow(UsageError);
  }
);
