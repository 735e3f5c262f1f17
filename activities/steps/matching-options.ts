import { scaleName } from '../../sae/scale/scale-choice';
import type { RunSpec } from '../../workflows/run-types';

/** The options that determine a pair's tables: part of content addresses, manifests and the tables' metadata. */
export type MatchingOptions = Pick<
  RunSpec,
  'weights' | 'metric' | 'part_weights' | 'fold' | 'degenerate' | 'scale' | 'unmatched'
>;

/**
 * Picks them from a specification or the like; what was not asked for is absent. Where an export lies is left out: its
 * files stand among the inputs.
 */
export function matchingOptions(options: MatchingOptions): MatchingOptions {
  const { weights, metric, part_weights, fold, degenerate, scale, unmatched } = options;
  return {
    weights,
    ...(metric !== undefined && { metric }),
    ...(part_weights !== undefined && { part_weights }),
    fold,
    degenerate,
    ...(scale !== undefined && { scale: scaleName(scale) }),
    ...(unmatched !== undefined && { unmatched }),
  };
}
