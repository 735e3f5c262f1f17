import { bytes, float, integer, message, submessage, text } from '../../../kernels/ort/protobuf';

const hex = (content: Uint8Array): string => Buffer.from(content).toString('hex');

// The first four are the examples of the Protocol Buffers encoding guide.
test('fields are encoded as the Protocol Buffers documentation shows', () => {
  expect(hex(message([integer(1, 150)]))).toBe('089601');
  expect(hex(message([text(2, 'testing')]))).toBe('120774657374696e67');
  expect(hex(message([submessage(3, [integer(1, 150)])]))).toBe('1a03089601');
  expect(hex(message([integer(1, -2)]))).toBe('08feffffffffffffffff01');
  expect(hex(message([float(2, 1.5)]))).toBe('150000c03f');
  expect(hex(message([bytes(9, Uint8Array.of(0, 255))]))).toBe('4a0200ff');
});

test('field numbers above 15, zero and 64-bit integers take the bytes they need', () => {
  expect(hex(message([integer(20, 0)]))).toBe('a00100');
  expect(hex(message([integer(1, 2n ** 63n - 1n)]))).toBe('08ffffffffffffffff7f');
});

test('lengths count bytes, not characters, and nested lengths include the tags', () => {
  expect(hex(message([text(1, 'θ')]))).toBe('0a02ceb8');
  expect(hex(message([submessage(1, [submessage(1, [text(1, 'ab')])])]))).toBe('0a060a040a026162');
});
