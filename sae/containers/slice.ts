import { InputError } from '../../matching/errors';
import { FLOAT_BYTES, isFloatType, shapeText } from './tensor';
import type { StoredTensor } from './tensor';

/**
 * The matrix `[:, index, :]` of a stored tensor `[a, b, c]`; of the rest nothing is kept.
 *
 * @throws InputError when the tensor has no such slice
 */
export function sliceOf(tensor: StoredTensor, index: number): StoredTensor {
  const [rows, depth, width] = tensor.shape;
  if (tensor.shape.length !== 3 || tensor.columnMajor || index >= depth! || !isFloatType(tensor.dtype)) {
    throw new InputError('the tensor has no such slice', {
      file: tensor.file,
      field: tensor.name,
      found: `${tensor.dtype} ${shapeText(tensor.shape)}`,
      expected: `three axes, the second with more than ${index} elements`,
    });
  }
  const row = width! * FLOAT_BYTES[tensor.dtype];
  return {
    ...tensor,
    shape: [rows!, width!],
    chunks: () => pieces(tensor.chunks(), { size: row, every: row * depth!, first: row * index }),
  };
}

/** The first `size` bytes from `first + n·every` on, for every n. */
async function* pieces(
  chunks: AsyncIterable<Buffer>,
  { size, every, first }: { size: number; every: number; first: number }
): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of chunks) {
    const end = at + chunk.length;
    const parts: Buffer[] = [];
    for (let start = first + every * Math.max(0, Math.floor((at - first) / every)); start < end; start += every) {
      const part = chunk.subarray(Math.max(0, start - at), Math.max(0, start + size - at));
      if (part.length > 0) parts.push(part);
    }
    at = end;
    if (parts.length > 0) yield Buffer.concat(parts);
  }
}
