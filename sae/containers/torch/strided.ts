import type { ZipMember } from '../zip-archive';

/** Elements of a storage, in the order of a tensor: element `index` at `offset + Σ index·stride`. */
export interface Span {
  /** In elements, as the strides. */
  readonly offset: number;
  readonly itemBytes: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

const CHUNK_ELEMENTS = 1 << 20;

/**
 * The bytes of a tensor in row-major order. What lies in one piece is streamed; any other view is gathered from its
 * storage, which is then held in memory.
 */
export async function* stridedChunks(member: ZipMember, span: Span): AsyncGenerator<Buffer> {
  const count = span.shape.reduce((product, size) => product * size, 1);
  if (count === 0) return;
  if (isContiguous(span)) {
    const start = span.offset * span.itemBytes;
    yield* slice(member.content(), start, start + count * span.itemBytes);
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of member.content()) parts.push(part);
  yield* gather(Buffer.concat(parts), span, count);
}

function isContiguous({ shape, stride }: Span): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    // The stride of an axis with one element says nothing.
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** Reads to the end all the same: checksums are verified there. */
async function* slice(chunks: AsyncIterable<Buffer>, start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += chunk.length;
    if (part.length > 0) yield part;
  }
}

function* gather(storage: Buffer, { offset, itemBytes, shape, stride }: Span, count: number): Generator<Buffer> {
  const index = shape.map(() => 0);
  let from = offset;
  for (let done = 0; done < count;) {
    const elements = Math.min(CHUNK_ELEMENTS, count - done);
    const chunk = Buffer.allocUnsafe(elements * itemBytes);
    for (let n = 0; n < elements; n++) {
      storage.copy(chunk, n * itemBytes, from * itemBytes, (from + 1) * itemBytes);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += stride[axis]!;
        if (++index[axis]! < shape[axis]!) break;
        from -= stride[axis]! * shape[axis]!;
        index[axis] = 0;
      }
    }
    done += elements;
    yield chunk;
  }
}
