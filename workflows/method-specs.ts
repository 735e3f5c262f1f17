import type { Method } from '../matching/evaluation/methods';
import type { RunSpec } from './run-types';

/**
 * The specification whose matches a method takes; the run's own, by identity, where they are those of the run. Null for a
 * method that takes none.
 */
export function specOfMethod(method: Method, spec: RunSpec): RunSpec | null {
  switch (method) {
    case 'matched_folded':
      return spec.fold ? spec : { ...spec, fold: true };
    case 'matched_unfolded':
      return spec.fold ? { ...spec, fold: false } : spec;
    case 'matched_decoder':
    case 'matched_encoder':
    case 'matched_decoder+encoder':
    case 'matched_all': {
      const weights = method.slice('matched_'.length) as RunSpec['weights'];
      return weights === spec.weights ? spec : { ...spec, weights };
    }
    case 'identity':
    case 'random':
    case 'nearest':
    case 'mutual_nearest':
    case 'greedy':
      return null;
  }
}
