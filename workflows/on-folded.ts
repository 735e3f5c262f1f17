import type { LayerFolds } from './layer-folds';
import type { FoldedRef } from './run-types';

/** A layer, and the folds that it is one of. */
export interface LayerFold {
  readonly layer: number;
  readonly folds: LayerFolds;
}

export interface OnFolded<T> {
  readonly source: LayerFold;
  readonly target: LayerFold;
  /** Whether the work failed before: a fold that failed is then tried again. */
  readonly isRetry: boolean;
  /** Both layers are there, and the work begins. */
  readonly onStart: () => void;
  readonly work: (source: FoldedRef, target: FoldedRef) => Promise<T>;
  /** Whether folding both layers again may mend what the work failed of. */
  readonly isMendable: (error: unknown) => boolean;
}

/**
 * Carries out work on two folded layers. Where something of them is found damaged they are folded again, once: a folded layer
 * that is damaged is not what its fold says it is, and folding looks at what is stored.
 *
 * @returns null when one of them cannot be used
 */
export async function onFolded<T>({
  source,
  target,
  isRetry,
  onStart,
  work,
  isMendable,
}: OnFolded<T>): Promise<T | null> {
  const a = await foldedFor(source, isRetry);
  const b = a && (await foldedFor(target, isRetry));
  if (a === null || b === null) return null;
  const used = [source.folds.of(source.layer), target.folds.of(target.layer)] as const;
  onStart();
  try {
    return await work(a, b);
  } catch (error) {
    if (!isMendable(error)) throw error;
    const c = await source.folds.again(source.layer, used[0]);
    const d = await target.folds.again(target.layer, used[1]);
    if (c === null || d === null) throw error;
    return work(c, d);
  }
}

function foldedFor({ layer, folds }: LayerFold, isRetry: boolean): Promise<FoldedRef | null> {
  const fold = folds.of(layer);
  return isRetry ? fold.catch(() => folds.again(layer, fold)) : fold;
}
