import { MemoryBudgetError } from '../../matching/errors';
import { workOf } from './pair-work';
import type { MatchPlace, SizedPair } from './pair-work';

/** A pair for which the memory budget is too small, whatever else the process has to do; field names as in the JSON of `plan`. */
export interface Misfit {
  readonly source: number;
  readonly target: number;
  readonly source_features: number;
  readonly target_features: number;
  /** Bytes that the budget must have at least. */
  readonly needed_bytes: number;
}

/** The pairs that do not fit even in the leanest way. Layers that cannot be read have no size, and fit. */
export function misfits(pairs: readonly SizedPair[], place: MatchPlace): Misfit[] {
  return pairs.flatMap((pair) => {
    const { source, target } = pair;
    if (source.features === 0 || target.features === 0) return [];
    const { storage, needed } = workOf(pair, place);
    if (storage !== null) return [];
    const features = { source_features: source.features, target_features: target.features };
    return [{ source: source.layer, target: target.layer, ...features, needed_bytes: needed }];
  });
}

/** What is said of pairs that do not fit: the one that needs most, and how many there are. */
export function misfitError(found: readonly Misfit[], { memoryBudget, slots }: MatchPlace): MemoryBudgetError {
  const worst = found.reduce((most, misfit) => (misfit.needed_bytes > most.needed_bytes ? misfit : most));
  const others = found.length === 1 ? '' : `, the largest of ${found.length} that do not fit`;
  const atOnce = slots === 1 ? '' : `, ${slots} matches at once`;
  return new MemoryBudgetError('the run does not fit the memory budget', {
    file: `pair ${worst.source}→${worst.target}${others}`,
    field: '--memory-budget',
    found: mebibytes(memoryBudget),
    expected: `at least ${mebibytes(worst.needed_bytes)} for ${worst.source_features} x ${worst.target_features} features${atOnce}`,
    remedy:
      'Raise it, take a machine with more memory or workers with fewer --match-slots, or leave the pair out with --layers or --pairs.',
  });
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
