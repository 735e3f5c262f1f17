import { InputError } from '../../matching/errors';
import { readChunks } from './byte-reader';
import type { ByteReader } from './byte-reader';
import { NPY_PREFIX_BYTES, npyHeaderBytes, parseNpyHeader } from './npy';
import type { StoredTensor } from './tensor';

/**
 * Opens a `.npy` file: one array, of which only the header is read.
 *
 * @throws InputError when it is none, or its size does not fit its header
 */
export async function openNpy(file: ByteReader): Promise<StoredTensor> {
  const origin = { file: file.name, field: 'array' };
  const prefix = await file.read(0, Math.min(NPY_PREFIX_BYTES, file.bytes));
  const length = npyHeaderBytes(prefix, origin);
  const header = parseNpyHeader(await file.read(0, length), origin);
  if (header.headerBytes + header.dataBytes !== file.bytes) {
    throw new InputError('the size of the file does not fit its header', {
      file: file.name,
      found: `${file.bytes} bytes`,
      expected: `${header.headerBytes + header.dataBytes} bytes for ${header.shape.join(' x ')} of ${header.dtype}`,
      remedy: 'The file is probably truncated: download or copy it again.',
    });
  }
  return {
    file: file.name,
    name: 'array',
    dtype: header.dtype,
    shape: header.shape,
    columnMajor: header.fortranOrder,
    bigEndian: header.bigEndian,
    chunks: () => readChunks(file, header.headerBytes, file.bytes),
  };
}
