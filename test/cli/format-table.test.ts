import fc from 'fast-check';
import { figure, formatBytes, formatSeconds, formatTable } from '../../cli/format-table';

describe('a table', () => {
  it('sets columns two spaces apart, words to the left and numbers to the right', () => {
    expect(
      formatTable(
        ['pair', 'gap'],
        [
          ['0→1', '12'],
          ['10→11', '3'],
        ],
        [1]
      )
    ).toEqual(['pair   gap', '-----  ---', '0→1     12', '10→11    3']);
  });

  it('without rows is its header', () => {
    expect(formatTable(['run', 'state'], [])).toEqual(['run  state', '---  -----']);
  });

  it('ends no line in white space and takes rows that are short', () => {
    expect(formatTable(['a', 'long title'], [['1'], ['2', 'x']])).toEqual([
      'a  long title',
      '-  ----------',
      '1',
      '2  x',
    ]);
  });
});

describe('numbers', () => {
  it('have three digits, or are a dash', () => {
    expect([0.46612, 12.345, 0.000123456, null, NaN].map(figure)).toEqual(['0.466', '12.3', '0.000123', '-', '-']);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [1583832, '1.58 MB'],
    [999_499, '999 kB'],
    [999_999, '1.00 MB'],
    [4.2e12, '4.20 TB'],
  ])('of %d bytes have their unit: %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('of bytes never have an exponent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_000_000_000_000 }), (bytes) => {
        expect(formatBytes(bytes)).toMatch(/^\d{1,3}(\.\d{1,2})? (B|kB|MB|GB|TB)$/);
      })
    );
  });

  it.each([
    [0.04, '0.0 s'],
    [1.44, '1.4 s'],
    [59.94, '59.9 s'],
    [59.97, '1 min 0 s'],
    [119.7, '2 min 0 s'],
    [200, '3 min 20 s'],
    [7199.4, '119 min 59 s'],
  ])('of %d seconds are read as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
