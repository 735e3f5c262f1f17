import { InputError } from '../../matching/errors';
import { FLOAT_BYTES, isFloatType, shapeText } from './tensor';
import type { StoredTensor } from './tensor';

/**
 * What lies at `index` of one axis of a stored tensor, without that axis: of `[a, b, c]` the matrix `[:, index, :]`, where
 * no other axis is named. Of the rest nothing is kept.
 *
 * @throws InputError when the tensor has no such slice
 */
export function sliceOf(tensor: StoredTensor, index: number, axis = 1): StoredTensor {
  const { shape, columnMajor, dtype } = tensor;
  const length = shape[axis] ?? 0;
  if (shape.length < 2 || index >= length || !isFloatType(dtype)) {
    throw new InputError('the tensor has no such slice', {
      file: tensor.file,
      field: tensor.name,
      found: `${dtype} ${shapeText(shape)}`,
      expected: `floats of two axes or more, more than ${index} of them along axis ${axis}`,
    });
  }
  // With the first index varying fastest, what lies within an element of the axis are the axes before it.
  const within = columnMajor ? shape.slice(0, axis) : shape.slice(axis + 1);
  const size = within.reduce((product, count) => product * count, FLOAT_BYTES[dtype]);
  return {
    ...tensor,
    shape: shape.filter((_, other) => other !== axis),
    chunks: () => pieces(tensor.chunks(), { size, every: size * length, first: size * index }),
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
