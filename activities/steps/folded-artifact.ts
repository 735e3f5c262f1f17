import { Crc32c } from '../../transport/crc32c';
import { ObjectNotFoundError } from '../../artifacts/store/object-store';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { ArtifactCorruptError, InputError } from '../../matching/errors';
import { MATRICES } from '../../matching/folding';
import type { FoldedLayer, MatrixName } from '../../matching/folding';
import { allocateRows } from '../../matching/row-matrix';
import type { SaeHeader } from '../../sae/canonical';
import { decodeCanonical, encodeCanonical } from '../../sae/canonical-file';
import type { CanonicalTensors } from '../../sae/canonical-file';
import { foldedObject, foldedRecord } from './keys';

/** Read at once when a stored layer is checked. */
const CHECK_BYTES = 16 * 2 ** 20;

/**
 * Whether the rows of this content key are in the store, whole: the length and CRC32C that were recorded when they were
 * written are compared with what is there. A damaged layer counts as missing, so that it is computed again.
 */
export async function hasFolded(store: ObjectStore, key: string): Promise<boolean> {
  const object = foldedObject(key);
  const recorded = await readRecord(store, key);
  const stat = await store.stat(object);
  if (recorded === null || stat?.bytes !== recorded.bytes) return false;
  const checksum = new Crc32c();
  for (let start = 0; start < recorded.bytes; start += CHECK_BYTES) {
    checksum.update(await store.readRange(object, start, Math.min(recorded.bytes, start + CHECK_BYTES)));
  }
  return checksum.digest() === recorded.crc32c;
}

/** What was stored, written after it: where the record exists the layer was complete. */
async function readRecord(store: ObjectStore, key: string): Promise<StoredObject | null> {
  try {
    return JSON.parse((await store.get(foldedRecord(key))).toString('utf8')) as StoredObject;
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Stores one layer as a canonical safetensors file. */
export async function writeFolded(
  store: ObjectStore,
  key: string,
  tensors: CanonicalTensors,
  header: SaeHeader
): Promise<void> {
  const stored = await store.put(foldedObject(key), encodeCanonical(tensors, header).chunks);
  await store.put(foldedRecord(key), Buffer.from(`${JSON.stringify(stored)}\n`));
}

/**
 * Reads the rows of one layer.
 *
 * @param matrices which matrices are needed; the others are empty
 * @throws ArtifactCorruptError when the artifact is missing or damaged
 */
export async function readFolded(
  store: ObjectStore,
  key: string,
  matrices: readonly MatrixName[] = MATRICES
): Promise<FoldedLayer> {
  const object = foldedObject(key);
  const file = store.url(object);
  try {
    const stat = await store.stat(object);
    if (stat === null) throw new InputError('there is no such artifact', { file });
    const reader = {
      name: file,
      bytes: stat.bytes,
      read: (start: number, end: number) => store.readRange(object, start, end),
    };
    const { features, encoder, encoderBias, decoder, excluded } = await decodeCanonical(reader, matrices);
    const none = allocateRows(Float32Array, features, 0);
    return { features, encoder: encoder ?? none, encoderBias, decoder: decoder ?? none, excluded };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new ArtifactCorruptError('a folded layer in the store is missing or damaged', {
      file,
      found: cause.message,
      remedy: 'Delete it and resume the run: it is computed again.',
      cause,
    });
  }
}
