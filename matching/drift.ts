/** Two checkpoints of one layer after matching: what the features of the earlier one have become. */
export interface DriftCounts {
  /** Matched, with a decoder cosine of at least the threshold. */
  readonly kept: number;
  /** Matched, with a smaller decoder cosine. */
  readonly changed: number;
  /** Features of the previous checkpoint without a partner. */
  readonly died: number;
  /** Features of the current checkpoint without a partner. */
  readonly born: number;
  /** Features with a decoder row of zeros, which stand for nothing and are none of the above. */
  readonly dead_previous: number;
  readonly dead: number;
  /** Features left out because they cannot be folded, none of the above either. */
  readonly excluded_previous: number;
  readonly excluded: number;
}

/** One checkpoint of a layer. */
export interface DriftSide {
  /** 1 for features left out because they cannot be folded. `[features]` */
  readonly excluded: Uint8Array;
  /** 1 for features with a decoder row of zeros. `[features]` */
  readonly zero: Uint8Array;
}

/** The matches from the previous checkpoint to the current one; element i is about previous feature i. */
export interface DriftMatches {
  /** −1 where unmatched. */
  readonly targetFeature: Int32Array;
  /** Decoder cosine of the match; NaN where there is none. */
  readonly decoderCosine: ArrayLike<number>;
}

/**
 * Counts each feature of both checkpoints once: kept + changed + died + dead_previous + excluded_previous are all of the
 * previous one, kept + changed + born + dead + excluded all of the current one. A match with a dead feature counts as none.
 *
 * @param kept decoder cosine from which a matched feature is kept
 */
export function countDrift(matches: DriftMatches, previous: DriftSide, current: DriftSide, kept: number): DriftCounts {
  const partners = new Uint8Array(current.excluded.length);
  const counts = { kept: 0, changed: 0 };
  matches.targetFeature.forEach((j, i) => {
    if (j < 0 || !isAlive(previous, i) || !isAlive(current, j)) return;
    partners[j] = 1;
    counts[matches.decoderCosine[i]! >= kept ? 'kept' : 'changed'] += 1;
  });
  const [before, now] = [tally(previous), tally(current)];
  return {
    ...counts,
    died: before.alive - counts.kept - counts.changed,
    born: partners.reduce((sum, flag, j) => (flag === 0 && isAlive(current, j) ? sum + 1 : sum), 0),
    dead_previous: before.dead,
    dead: now.dead,
    excluded_previous: before.excluded,
    excluded: now.excluded,
  };
}

const isAlive = ({ excluded, zero }: DriftSide, feature: number): boolean =>
  excluded[feature] === 0 && zero[feature] === 0;

function tally({ excluded, zero }: DriftSide): { alive: number; dead: number; excluded: number } {
  const left = excluded.reduce((sum, flag) => sum + flag, 0);
  const dead = zero.reduce((sum, flag, feature) => (excluded[feature] === 0 ? sum + flag : sum), 0);
  return { alive: excluded.length - left - dead, dead, excluded: left };
}
