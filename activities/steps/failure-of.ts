import type { Failure } from '../../workflows/run-types';

/** The failure of a pair: its own, or that of one of its layers. */
export function failureOf(failures: readonly Failure[], source: number, target: number): Failure | undefined {
  const own = failures.find(({ layers }) => layers.length === 2 && layers[0] === source && layers[1] === target);
  return own ?? failures.find(({ layers }) => layers.length === 1 && (layers[0] === source || layers[0] === target));
}
