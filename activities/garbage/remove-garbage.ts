import type { ObjectStore } from '../../artifacts/store/object-store';
import { mapConcurrently } from '../../sae/concurrently';
import { findGarbage } from './find-garbage';
import type { Garbage } from './find-garbage';
import { readRoots } from './roots';

export interface RemoveOptions {
  /** Unfinished runs that count for nothing any more. */
  readonly abandoned: ReadonlySet<string>;
  /** What was written later stays. */
  readonly before: Date;
  readonly onProgress?: (done: number, total: number) => void;
  readonly throwIfCancelled?: () => void;
}

/** Runs that begin meanwhile are looked for again after so many artifacts. */
const BATCH = 256;
const CONCURRENT_REMOVALS = 8;

/**
 * Removes what {@link findGarbage} found, and returns what is gone. Before each batch it is looked again whether a run
 * has come to need any of it. A run that plans and looks into the store in between finds that the artifact is gone, and
 * computes it again.
 */
export async function removeGarbage(
  store: ObjectStore,
  garbage: readonly Garbage[],
  { abandoned, before, onProgress, throwIfCancelled }: RemoveOptions
): Promise<Garbage[]> {
  const removed: Garbage[] = [];
  for (let start = 0; start < garbage.length; start += BATCH) {
    const batch = garbage.slice(start, start + BATCH);
    const objects = batch.flatMap((part) => part.objects);
    const roots = await readRoots(store, abandoned);
    const still = new Set((await findGarbage(store, objects, roots, before)).garbage.flatMap((part) => part.objects));
    const unused = batch.filter((part) => part.objects.every((object) => still.has(object)));
    await mapConcurrently(unused, CONCURRENT_REMOVALS, async (part) => {
      throwIfCancelled?.();
      for (const object of part.objects) await store.delete(object);
      removed.push(part);
    });
    onProgress?.(Math.min(garbage.length, start + BATCH), garbage.length);
  }
  return removed;
}
