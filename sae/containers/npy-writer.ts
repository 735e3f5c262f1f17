/** The header is padded so that the data begin at a multiple of this many bytes, as the format asks for. */
const ALIGNMENT = 64;
const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');

/** A `.npy` file (version 1.0) of whole numbers as little-endian int64, one-dimensional. The same numbers give the same bytes. */
export function encodeInt64Npy(values: Int32Array): Uint8Array[] {
  const dictionary = `{'descr': '<i8', 'fortran_order': False, 'shape': (${values.length},), }`;
  // Magic, the length of what follows in two bytes, and a line break at the end.
  const bytes = Math.ceil((MAGIC.length + 2 + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(bytes, ' ');
  MAGIC.copy(header);
  header.writeUInt16LE(bytes - MAGIC.length - 2, MAGIC.length);
  header.write(dictionary, MAGIC.length + 2, 'latin1');
  header.write('\n', bytes - 1, 'latin1');
  const data = BigInt64Array.from(values, BigInt);
  return [header, new Uint8Array(data.buffer)];
}
