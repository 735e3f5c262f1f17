import type { ObjectStore } from '../../artifacts/store/object-store';
import { ArtifactCorruptError, InputError } from '../../matching/errors';
import type { FoldedLayer } from '../../matching/folding';
import { allocateRows } from '../../matching/row-matrix';
import type { CanonicalSae } from '../../sae/canonical';
import { decodeCanonical, encodeCanonical, foldedTensors } from '../../sae/canonical-file';
import { foldedObject } from './keys';

/** Whether the rows of this content key are in the store. */
export async function hasFolded(store: ObjectStore, key: string): Promise<boolean> {
  return (await store.stat(foldedObject(key))) !== null;
}

/** Stores the rows of one layer as a canonical safetensors file; `fold` says whether its scales were folded in. */
export async function writeFolded(
  store: ObjectStore,
  key: string,
  sae: CanonicalSae,
  rows: FoldedLayer,
  fold: boolean
): Promise<void> {
  const file = encodeCanonical(fold ? foldedTensors(sae, rows) : { ...sae, ...rows, excluded: null }, sae.header);
  await store.put(foldedObject(key), file.chunks);
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
  matrices: readonly ('encoder' | 'decoder')[] = ['encoder', 'decoder']
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
