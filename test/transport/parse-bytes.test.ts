import fc from 'fast-check';
import { parseBytes } from '../../transport/parse-bytes';
import { UsageError } from '../../matching/errors';

describe('a size', () => {
  it('is a number of bytes times its unit, however it is written', () => {
    const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
    const space = fc.constantFrom('', ' ', '  ');
    const cased = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.toLowerCase(),
      (text: string) => text.toUpperCase()
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8000 }),
        fc.constantFrom(...Object.entries(units)),
        space,
        cased,
        (n, [name, factor], gap, form) => {
          expect(parseBytes(`${gap}${n}${gap}${form(name)}${gap}`, 'f')).toBe(n * factor);
        }
      )
    );
  });

  it('without a unit counts bytes, as text or number', () => {
    expect(parseBytes('4096', 'f')).toBe(4096);
    expect(parseBytes(4096, 'f')).toBe(4096);
  });

  it('may have a fraction, which is cut to whole bytes', () => {
    expect(parseBytes('1.5 GiB', 'f')).toBe(1.5 * 2 ** 30);
    expect(parseBytes('1.0001kB', 'f')).toBe(1000);
  });

  it.each(['', 'lots', '4 GiBs', '-1', '0', '0.2', '1e9', '4,5GB', 'NaN', '1 000', '9'.repeat(400), '9999999 TiB'])(
    'is refused with field, found and expected: %j',
    (text) => {
      const parse = (): number => parseBytes(text, '--memory-budget');
      expect(parse).toThrow(UsageError);
      expect(parse).toThrow(
        `--memory-budget: cannot be understood as a size (found ${text}, expected a size such as 4GiB)`
      );
    }
  );
});
