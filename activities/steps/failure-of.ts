import type { Failure } from '../../workflows/run-types';

/** Looks up the failure of a pair: its own, or that of one of its layers. */
export type FailureOf = (source: number, target: number) => Failure | undefined;

export function failuresByPair(failures: readonly Failure[]): FailureOf {
  const first = new Map<string, { readonly failure: Failure; readonly index: number }>();
  for (const [index, failure] of failures.entries()) {
    const name = failure.layers.join(':');
    if (!first.has(name)) first.set(name, { failure, index });
  }
  return (source, target) => {
    const own = first.get(`${source}:${target}`);
    if (own !== undefined) return own.failure;
    const [a, b] = [first.get(`${source}`), first.get(`${target}`)];
    return (b === undefined || (a !== undefined && a.index < b.index) ? a : b)?.failure;
  };
}
