import { InputError } from '../../matching/errors';
import type { ByteReader } from './byte-reader';
import { NPY_PREFIX_BYTES, npyHeaderBytes, parseNpyHeader } from './npy';
import type { NpyOrigin } from './npy';
import type { StoredTensor, TensorFile } from './tensor';
import type { ZipMember } from './zip-archive';

/** numpy pads its headers, so most are no longer than this. */
const USUAL_HEADER_BYTES = 128;

/**
 * Opens a numpy archive: one tensor for each `<name>.npy` in it. Reads the arrays' headers only.
 *
 * @throws InputError when the archive or a header is malformed, or a member's size does not fit its shape and type.
 */
export async function openNpz(file: ByteReader, members: readonly ZipMember[]): Promise<TensorFile> {
  const tensors = new Map<string, StoredTensor>();
  for (const member of members) {
    if (!member.name.endsWith('.npy')) continue;
    const name = member.name.slice(0, -'.npy'.length);
    tensors.set(name, await openArray(file, member, name));
  }
  return { kind: 'npz', name: file.name, tensors, metadata: {} };
}

async function openArray(file: ByteReader, member: ZipMember, name: string): Promise<StoredTensor> {
  const origin = { file: file.name, field: name };
  const header = parseNpyHeader(await readHeader(member, origin), origin);
  if (header.headerBytes + header.dataBytes !== member.bytes) {
    throw new InputError('the size of the array does not fit its header', {
      ...origin,
      found: `${member.bytes - header.headerBytes} bytes of data`,
      expected: `${header.dataBytes} bytes for ${header.shape.join(' x ')} of ${header.dtype}`,
      remedy: 'The file is damaged: download or copy it again.',
    });
  }
  return {
    file: file.name,
    name,
    dtype: header.dtype,
    shape: header.shape,
    columnMajor: header.fortranOrder,
    bigEndian: header.bigEndian,
    chunks: () => skipBytes(member.content(), header.headerBytes),
  };
}

async function readHeader(member: ZipMember, origin: NpyOrigin): Promise<Buffer> {
  const first = await member.head(USUAL_HEADER_BYTES);
  const length = npyHeaderBytes(first.subarray(0, NPY_PREFIX_BYTES), origin);
  return length <= first.length ? first : member.head(length);
}

async function* skipBytes(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let skip = count;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - part.length;
    if (part.length > 0) yield part;
  }
}
