import type { Failure, MatchRef } from './run-types';
import { nameOf } from './settle-pair';
import type { Pair, PairEnd } from './settle-pair';

/** What has come of the pairs of a run so far. */
export class PairEnds {
  private readonly matches = new Map<string, MatchRef>();
  private readonly reasons = new Map<string, Failure>();

  /** Notes how an attempt on a pair ended. False when it is to be tried again later. */
  add(pair: Pair, end: PairEnd): boolean {
    if (end.kind === 'done') this.matches.set(nameOf(pair), end.match);
    if (end.kind === 'setAside') this.reasons.set(nameOf(pair), end.failure);
    return end.kind !== 'setAside';
  }

  matchOf(pair: Pair): MatchRef | undefined {
    return this.matches.get(nameOf(pair));
  }

  /** Why the pair, or one of its layers, could not be done when it was tried before; undefined where it was not. */
  reasonOf(pair: Pair): Failure | undefined {
    return this.reasons.get(nameOf(pair));
  }
}
