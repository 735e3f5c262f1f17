import fc from 'fast-check';
import { Crc32c, crc32c } from '../../transport/crc32c';

/** CRC32C bit by bit, from its definition: reflected polynomial 0x82F63B78, initial value and final XOR all ones. */
function crc32cByDefinition(bytes: Uint8Array): string {
  let state = 0xffffffff;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ 0x82f63b78 : state >>> 1;
  }
  const value = (state ^ 0xffffffff) >>> 0;
  return Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]).toString('base64');
}

test('the published check values hold, in the notation of Google Cloud Storage', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe('4waSgw==');
  expect(crc32c(new Uint8Array(32))).toBe(Buffer.from('8a9136aa', 'hex').toString('base64'));
  expect(crc32c([])).toBe('AAAAAA==');
});

test('any bytes have the checksum of the definition, however they are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
      const expected = crc32cByDefinition(Buffer.concat(chunks));
      expect(crc32c(chunks)).toBe(expected);
      expect(crc32c(Buffer.concat(chunks))).toBe(expected);
    })
  );
});

test('a chunk that is a view into a larger buffer counts its own bytes only', () => {
  const view = new Uint8Array(Buffer.from('xx123456789xx')).subarray(2, 11);
  expect(new Crc32c().update(view).digest()).toBe('4waSgw==');
});
