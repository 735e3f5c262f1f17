import type { Context } from '@temporalio/activity';

/**
 * What is known of one attempt of an activity: what it is about from the beginning, what it came to at its end. Lines of the
 * log and spans of traces have these under the same names; see docs/logs.md.
 */
export interface AttemptFacts {
  readonly schedule?: string;
  readonly layer?: number;
  readonly source_layer?: number;
  readonly target_layer?: number;
  /** Where it computes; at the end, where it did. */
  readonly device?: string;
  /** State in which a run ended. */
  readonly state?: string;
  /** Whether the result was in the store. */
  readonly cached?: boolean;
  readonly layers?: number;
  readonly pairs?: number;
  readonly failures?: number;
  /** Of files read, or of objects written. */
  readonly bytes?: number;
  readonly matched?: number;
  readonly gap?: number;
  readonly passes?: number;
  readonly fallbacks?: number;
  /** Where it is traced, its trace and span. */
  readonly trace_id?: string;
  readonly span_id?: string;
}

/** The layers that an attempt is about, one or two; none where it is about all. */
export const layersOf = ({ layer, source_layer, target_layer }: AttemptFacts): readonly number[] =>
  [layer, source_layer, target_layer].filter((one) => one !== undefined);

const known = new WeakMap<Context, AttemptFacts>();

/** Everything that is known so far of the attempt of an activity. */
export const factsOf = (attempt: Context): AttemptFacts => known.get(attempt) ?? {};

export function addFacts(attempt: Context, facts: AttemptFacts): void {
  known.set(attempt, { ...factsOf(attempt), ...facts });
}
