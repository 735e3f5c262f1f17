import { z } from 'zod';
import { keyOfText, keyText } from './content-key';
import type { Ingredients } from './content-key';
import { artifactKey, KEY_RECORD } from './layout';
import type { ArtifactKind } from './layout';
import { putOnce } from './put-once';
import { ObjectNotFoundError, type ObjectStore } from './store/object-store';

const schema = z.object({ algorithm: z.int(), kind: z.string(), inputs: z.json() });

/** What an artifact was made of, read back: its own version of {@link Ingredients}. */
export type KeyRecord = z.infer<typeof schema>;

/**
 * Keeps beside an artifact what its content key was made of, so that one can see later why another key was asked for.
 * The record is the very text that the key is the hash of, so it proves itself. Write it before the artifact.
 */
export async function writeKeyRecord(store: ObjectStore, kind: ArtifactKind, ingredients: Ingredients): Promise<void> {
  const text = keyText(ingredients);
  await putOnce(store, artifactKey(kind, keyOfText(text), KEY_RECORD), Buffer.from(text));
}

/** Null when there is none, for example because an earlier version stored the artifact, or it is not of this key. */
export async function readKeyRecord(store: ObjectStore, kind: ArtifactKind, key: string): Promise<KeyRecord | null> {
  try {
    const text = (await store.get(artifactKey(kind, key, KEY_RECORD))).toString('utf8');
    return keyOfText(text) === key ? schema.parse(JSON.parse(text)) : null;
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof SyntaxError || error instanceof z.ZodError)
      return null;
    throw error;
  }
}
