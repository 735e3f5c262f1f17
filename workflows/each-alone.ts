import { bounded } from './bounded';
import { asFailure, isCorrupt } from './failures';
import type { Failure, RunRequest } from './run-types';

/** What a piece of work is about, for its failure. */
export interface PieceOfWork {
  /** The step: for example `evaluate`. */
  readonly what: string;
  /** One of a layer, two of a pair. */
  readonly layers: readonly number[];
}

/**
 * Does something for every item, some at a time. What fails is added to `failures` and left out; what is found damaged is
 * thrown on, so that it is computed again.
 *
 * @returns the results of those that succeeded, in the order of the items
 */
export async function eachAlone<T, R>(
  { execution }: Pick<RunRequest, 'execution'>,
  items: readonly T[],
  failures: Failure[],
  { about, work }: { readonly about: (item: T) => PieceOfWork; readonly work: (item: T) => Promise<R> }
): Promise<R[]> {
  const slots = bounded(execution.maxConcurrentPairs);
  const damaged: unknown[] = [];
  const results = await Promise.all(
    items.map((item) =>
      slots(async () => {
        // Everything is gone through again: nothing more begins beside that.
        if (damaged.length > 0) return [];
        try {
          return [await work(item)];
        } catch (error) {
          const { what, layers } = about(item);
          if (isCorrupt(error)) damaged.push(error);
          else failures.push(asFailure(error, what, layers));
          return [];
        }
      })
    )
  );
  if (damaged.length > 0) throw damaged[0];
  return results.flat();
}
