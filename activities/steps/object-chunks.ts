import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { readChunks } from '../../sae/containers/byte-reader';
import type { ByteRange } from '../../transport/resumed';

/**
 * A range of an object in chunks; the next ones are being read while the caller works on one.
 *
 * @param onChunk called with the bytes of each chunk
 */
export async function* objectChunks(
  store: ObjectStore,
  { key, bytes }: Pick<StoredObject, 'key' | 'bytes'>,
  { start, end }: ByteRange,
  onChunk: (bytes: number) => void = () => undefined
): AsyncGenerator<Buffer> {
  const read = (from: number, to: number): Promise<Buffer> => store.readRange(key, from, to);
  for await (const chunk of readChunks({ name: store.url(key), bytes, read }, start, end)) {
    onChunk(chunk.length);
    yield chunk;
  }
}
