import { putOnce } from '../../artifacts/put-once';
import type { ObjectStore, StoredObject } from '../../artifacts/store/object-store';
import { ArtifactCorruptError, InputError } from '../../matching/errors';
import { MATRICES } from '../../matching/folding';
import type { FoldedLayer, MatrixName } from '../../matching/folding';
import { allocateRows } from '../../matching/row-matrix';
import { decodeCanonical, encodeCanonical } from '../../sae/canonical-file';
import type { CanonicalMetadata, CanonicalTensors } from '../../sae/canonical-file';
import { mapConcurrently } from '../../sae/concurrently';
import { WrongContentError } from '../../transport/cache/content-sums';
import { openCache } from '../../transport/cache/open-cache';
import { Crc32c } from '../../transport/crc32c';
import { reportTransfer } from '../task-context';
import type { TaskContext } from '../task-context';
import { CachedParts } from './cached-parts';
import { PART_BYTES, PartsReader, splitContent } from './folded-parts';
import type { OpenPart } from './folded-parts';
import { readFoldedRecord, writeFoldedRecord } from './folded-record';
import { HeldParts } from './held-parts';
import { foldedObject, foldedPart } from './keys';
import { objectChunks } from './object-chunks';

/** Parts of a layer that are written to, or checked in, a remote store at once: one connection does not fill a line. */
const AT_ONCE = 4;

/**
 * Whether the rows of this content key are in the store, whole: the lengths and CRC32Cs that were recorded when they were
 * written are compared with what is there. A damaged layer counts as missing, so that it is computed again.
 */
export async function hasFolded(store: ObjectStore, key: string): Promise<boolean> {
  const parts = await readFoldedRecord(store, key);
  if (parts === null) return false;
  const checked = await mapConcurrently(parts, atOnce(store), (part) => isIntact(store, part));
  return checked.every((intact) => intact);
}

async function isIntact(store: ObjectStore, { key, bytes, crc32c }: StoredObject): Promise<boolean> {
  const stat = await store.stat(key);
  if (stat?.bytes !== bytes) return false;
  if (stat.crc32c !== undefined) return stat.crc32c === crc32c;
  const checksum = new Crc32c();
  for await (const chunk of objectChunks(store, { key, bytes }, { start: 0, end: bytes })) checksum.update(chunk);
  return checksum.digest() === crc32c;
}

const atOnce = ({ isRemote }: ObjectStore): number => (isRemote ? AT_ONCE : 1);

/**
 * Stores one layer as a canonical safetensors file, a large one in parts, and records what was stored. Where the store is
 * remote the layer is kept in the cache of this machine as well.
 *
 * @param partBytes most bytes of an object
 */
export async function writeFolded(
  store: ObjectStore,
  key: string,
  tensors: CanonicalTensors,
  metadata: CanonicalMetadata,
  context: TaskContext,
  partBytes = PART_BYTES
): Promise<void> {
  const contents = splitContent(encodeCanonical(tensors, metadata).chunks, partBytes);
  const cached = store.isRemote ? new CachedParts(store, openCache(), context) : null;
  const stored = await mapConcurrently([...contents.entries()], atOnce(store), async ([index, content]) => {
    context.throwIfCancelled();
    const part = await putOnce(store, contents.length === 1 ? foldedObject(key) : foldedPart(key, index), content);
    await cached?.keep(part, content);
    return part;
  });
  await writeFoldedRecord(store, key, stored);
}

/**
 * Reads the rows of one layer, those of a remote store by way of the cache of this machine.
 *
 * @param matrices which matrices are needed; the others are empty
 * @throws ArtifactCorruptError when the artifact is missing or damaged
 */
export async function readFolded(
  store: ObjectStore,
  key: string,
  context: TaskContext,
  matrices: readonly MatrixName[] = MATRICES
): Promise<FoldedLayer> {
  const file = store.url(foldedObject(key));
  try {
    const parts = await readFoldedRecord(store, key);
    if (parts === null) throw new InputError('there is no such artifact', { file });
    const reader = new PartsReader(file, parts, partOpener(store, parts, context));
    try {
      const { features, encoder, encoderBias, decoder, excluded } = await decodeCanonical(reader, matrices);
      const none = allocateRows(Float32Array, features, 0);
      return { features, encoder: encoder ?? none, encoderBias, decoder: decoder ?? none, excluded };
    } finally {
      await reader.close();
    }
  } catch (cause) {
    if (!(cause instanceof InputError || cause instanceof WrongContentError)) throw cause;
    throw new ArtifactCorruptError('a folded layer in the store is missing or damaged', {
      file,
      found: cause.message,
      remedy: 'Delete it and resume the run: it is computed again.',
      cause,
    });
  }
}

function partOpener(
  store: ObjectStore,
  parts: readonly StoredObject[],
  context: TaskContext
): (part: StoredObject) => Promise<OpenPart> {
  if (!store.isRemote) {
    const held = new HeldParts(store, context);
    return (part) => Promise.resolve(held.open(part));
  }
  const cached = new CachedParts(store, openCache(), context);
  const onTransfer = reportTransfer(
    context,
    parts.reduce((sum, { bytes }) => sum + bytes, 0)
  );
  return (part) => cached.open(part, onTransfer);
}
