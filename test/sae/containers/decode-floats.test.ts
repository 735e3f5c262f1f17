import fc from 'fast-check';
import { decodeFloats, halfToNumber } from '../../../sae/containers/decode-floats';

describe('decodeFloats', () => {
  it('knows the corner values of float16', () => {
    const values = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0x7c00, 0xfc00].map(halfToNumber);
    const tiny = 2 ** -24;
    expect(values).toEqual([0, -0, tiny, 1023 * tiny, 2 ** -14, 1, -1, 65504, Infinity, -Infinity]);
    expect(halfToNumber(0x7e00)).toBeNaN();
  });

  it('orders all finite positive float16 values as their bit patterns', () => {
    const values = Array.from({ length: 0x7c00 }, (_, bits) => halfToNumber(bits));
    expect(values.findIndex((value, bits) => bits > 0 && value <= values[bits - 1]!)).toBe(-1);
  });

  it('decodes bfloat16 to the float32 whose upper half it is, at any alignment and byte order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true })),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        (numbers, shift, big) => {
          const exact = Float32Array.from(numbers);
          new Uint32Array(exact.buffer).forEach((word, i, words) => (words[i] = word & 0xffff0000));
          const bytes = Buffer.alloc(shift + 2 * exact.length).subarray(shift);
          const source = Buffer.from(exact.buffer);
          exact.forEach((_, i) => {
            const bits = source.readUInt16LE(4 * i + 2);
            if (big) bytes.writeUInt16BE(bits, 2 * i);
            else bytes.writeUInt16LE(bits, 2 * i);
          });
          const narrow = new Float32Array(exact.length + 1);
          const wide = new Float64Array(exact.length + 1);
          decodeFloats(Buffer.from(bytes), 'bfloat16', big, narrow, 1);
          decodeFloats(Buffer.from(bytes), 'bfloat16', big, wide, 1);
          expect(narrow.subarray(1)).toEqual(exact);
          expect(wide.subarray(1)).toEqual(Float64Array.from(exact));
        }
      )
    );
  });

  it('copies float32 and float64 bit by bit', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.boolean(), (numbers, big) => {
        const doubles = Buffer.alloc(8 * numbers.length);
        const singles = Buffer.alloc(4 * numbers.length);
        numbers.forEach((value, i) => {
          if (big) doubles.writeDoubleBE(value, 8 * i);
          else doubles.writeDoubleLE(value, 8 * i);
          if (big) singles.writeFloatBE(value, 4 * i);
          else singles.writeFloatLE(value, 4 * i);
        });
        const wide = new Float64Array(numbers.length);
        decodeFloats(doubles, 'float64', big, wide, 0);
        expect(wide).toEqual(Float64Array.from(numbers));
        const narrow = new Float32Array(numbers.length);
        decodeFloats(Buffer.from(singles), 'float32', big, narrow, 0);
        expect(narrow).toEqual(Float32Array.from(numbers));
        const widened = new Float64Array(numbers.length);
        decodeFloats(singles, 'float32', big, widened, 0);
        expect(widened).toEqual(Float64Array.from(Float32Array.from(numbers)));
      })
    );
  });
});
