import { InputError } from '../../matching/errors';
import { elementCount } from './tensor';

/** What the header of a `.npy` array says. */
export interface NpyHeader {
  /** `float16`, `float32`, `float64`, `uint8`, or numpy's own descriptor for any other type. */
  readonly dtype: string;
  readonly itemBytes: number;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Bytes in front of the first element. */
  readonly headerBytes: number;
  /** Bytes of all elements. */
  readonly dataBytes: number;
}

/** Enough bytes to learn how long the header is. */
export const NPY_PREFIX_BYTES = 12;
const MAX_HEADER_BYTES = 1 << 16;
const MAGIC = '\x93NUMPY';
const FLOATS: Readonly<Record<string, string>> = { f2: 'float16', f4: 'float32', f8: 'float64', u1: 'uint8' };

/** Where an array comes from, for errors. */
export interface NpyOrigin {
  readonly file: string;
  readonly field: string;
}

/** Length of the whole header, from the first {@link NPY_PREFIX_BYTES} bytes. @throws InputError */
export function npyHeaderBytes(prefix: Buffer, origin: NpyOrigin): number {
  const magic = prefix.subarray(0, 6).toString('latin1');
  if (magic !== MAGIC || prefix.length < NPY_PREFIX_BYTES) {
    throw new InputError('not a numpy array', {
      ...origin,
      found: prefix.length === 0 ? 'nothing' : `the first bytes ${prefix.subarray(0, 6).toString('hex')}`,
      expected: 'a .npy header',
    });
  }
  const version = prefix[6]!;
  if (version < 1 || version > 3) {
    throw new InputError('unknown version of the .npy format', {
      ...origin,
      found: `${version}`,
      expected: '1, 2 or 3',
    });
  }
  const [start, length] = version === 1 ? [10, prefix.readUInt16LE(8)] : [12, prefix.readUInt32LE(8)];
  if (length > MAX_HEADER_BYTES) {
    throw new InputError('the .npy header is too long', {
      ...origin,
      found: `${length} bytes`,
      expected: `at most ${MAX_HEADER_BYTES} bytes`,
    });
  }
  return start + length;
}

/** Parses a complete header (versions 1 to 3). @throws InputError when it is not one, or is not a plain array. */
export function parseNpyHeader(header: Buffer, origin: NpyOrigin): NpyHeader {
  const headerBytes = npyHeaderBytes(header.subarray(0, NPY_PREFIX_BYTES), origin);
  const text = header.subarray(header[6] === 1 ? 10 : 12, headerBytes).toString('utf8');
  const descriptor = /'descr'\s*:\s*'([<>|=]?)([a-zA-Z])(\d+)[^']*'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shapeList = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text);
  if (descriptor === null || order === null || shapeList === null) {
    throw new InputError('the .npy header cannot be read', {
      ...origin,
      found: text.trim().slice(0, 120),
      expected: 'descr of a plain number type, fortran_order and shape',
    });
  }
  const [, byteOrder, kind, size] = descriptor;
  const shape = [...shapeList[1]!.matchAll(/\d+/g)].map(Number);
  const itemBytes = Number(size);
  const dataBytes = elementCount([...shape, itemBytes]);
  if (Number.isNaN(dataBytes)) {
    throw new InputError('the array claims an impossible size', { ...origin, found: shape.join(' x ') });
  }
  return {
    dtype: FLOATS[`${kind}${size}`] ?? `${byteOrder}${kind}${size}`,
    itemBytes,
    bigEndian: byteOrder === '>' && itemBytes > 1,
    fortranOrder: order[1] === 'True' && shape.length > 1,
    shape,
    headerBytes,
    dataBytes,
  };
}
