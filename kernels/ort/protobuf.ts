/**
 * Protocol Buffers wire encoding, as much of it as ONNX models need. A message is the concatenation of its fields
 * ({@link message}); every function below encodes one field, tag included, as a list of byte pieces. Large byte fields
 * are pieces by reference, so that a weight matrix is copied once, into the finished message.
 */
export type Field = readonly Uint8Array[];

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Integer field (int32, int64, bool, enum); negative numbers take ten bytes, as the format has it. */
export function integer(number: number, value: number | bigint): Field {
  return [tag(number, VARINT), varint(BigInt(value))];
}

/** `float` field. */
export function float(number: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [tag(number, FIXED_32), bytes];
}

/** `bytes` field. */
export function bytes(number: number, value: Uint8Array): Field {
  return [tag(number, LENGTH_DELIMITED), varint(BigInt(value.byteLength)), value];
}

/** `string` field, UTF-8. */
export function text(number: number, value: string): Field {
  return bytes(number, Buffer.from(value, 'utf8'));
}

/** Field that holds a message made of `fields`. */
export function submessage(number: number, fields: readonly Field[]): Field {
  const pieces = fields.flat();
  return [tag(number, LENGTH_DELIMITED), varint(BigInt(totalBytes(pieces))), ...pieces];
}

/** A complete message. */
export function message(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.flat());
}

function tag(number: number, wireType: number): Uint8Array {
  return varint((BigInt(number) << 3n) | BigInt(wireType));
}

function varint(value: bigint): Uint8Array {
  const encoded: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) encoded.push(Number(rest & 0x7fn) | 0x80);
  encoded.push(Number(rest));
  return Uint8Array.from(encoded);
}

function totalBytes(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}
