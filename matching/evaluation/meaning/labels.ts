/** What a judge says of two descriptions: 1 DIFFERENT, 2 MAYBE, 3 SAME (SAE Match, arXiv 2410.07656, App. C). */
export type Label = 1 | 2 | 3;

/** The labels of one pair of features in both orders of its descriptions; null where no answer could be used. */
export interface BothLabels {
  /** The description of the source feature came first. */
  readonly forward: Label | null;
  readonly swapped: Label | null;
}

/** The label that both orders agree on; null where they do not, or one is missing. */
export function agreedLabel({ forward, swapped }: BothLabels): Label | null {
  return forward === swapped ? forward : null;
}

/** What was said of some pairs of features. */
export interface LabelCounts {
  /** Pairs with an answer in both orders. */
  readonly judged: number;
  readonly same: number;
  readonly maybe: number;
  readonly different: number;
  /** Judged pairs of which the two orders say something else. */
  readonly disagreed: number;
  /** Pairs without a usable answer in one of the orders, or both. */
  readonly unusable: number;
  /** Mean over judged pairs of the mean of both labels, 1 to 3; null where none was judged. */
  readonly scoreMean: number | null;
}

export function countLabels(pairs: readonly BothLabels[]): LabelCounts {
  const judged = pairs.flatMap(({ forward, swapped }) =>
    forward === null || swapped === null ? [] : [{ forward, swapped }]
  );
  const agreed = (label: Label): number => judged.filter((both) => agreedLabel(both) === label).length;
  const sum = judged.reduce((total, { forward, swapped }) => total + (forward + swapped) / 2, 0);
  return {
    judged: judged.length,
    same: agreed(3),
    maybe: agreed(2),
    different: agreed(1),
    disagreed: judged.filter((both) => agreedLabel(both) === null).length,
    unusable: pairs.length - judged.length,
    scoreMean: judged.length === 0 ? null : sum / judged.length,
  };
}
