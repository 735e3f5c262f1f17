/** A failure as a run or its manifest tells it. */
export interface ToldFailure {
  readonly what: string;
  readonly layers: readonly (number | null)[];
  readonly type: string;
  readonly message: string;
  /** Absent in what earlier versions wrote. */
  readonly summary?: string | undefined;
}

/** Failures that have one cause. */
export interface FailureGroup {
  /** The step that failed: `read`, `fold`, `match`, `drift`, `compose`. */
  readonly what: string;
  readonly type: string;
  readonly summary: string;
  /** The layers of each failure, as `3` or `3:4`; none of a step that concerns all. */
  readonly where: readonly string[];
  /** What the first of them said. */
  readonly example: string;
}

/** Brings failures together that say the same of different layers or pairs; those with most of them come first. */
export function groupFailures(failures: readonly ToldFailure[]): FailureGroup[] {
  const groups = new Map<string, ToldFailure[]>();
  for (const failure of failures) {
    const key = JSON.stringify([failure.what, failure.type, failure.summary ?? failure.message]);
    groups.set(key, [...(groups.get(key) ?? []), failure]);
  }
  return [...groups.values()]
    .map((group) => {
      const [{ what, type, message, summary = message }] = group as [ToldFailure];
      const where = group.flatMap(({ layers }) => (layers.length === 0 ? [] : [[...new Set(layers)].join(':')]));
      return { what, type, summary, where, example: message };
    })
    .sort((a, b) => b.where.length - a.where.length);
}

/** One line for a person: which step failed, where, and why. */
export function groupLine({ what, where, example, summary }: FailureGroup): string {
  const shown = where.slice(0, MOST_SHOWN).join(', ');
  const more = where.length > MOST_SHOWN ? ` and ${where.length - MOST_SHOWN} more` : '';
  const place = where.length === 0 ? '' : ` ${shown}${more}`;
  return `${what}${place}: ${where.length > 1 && example !== summary ? `${summary}; the first: ${example}` : example}`;
}

const MOST_SHOWN = 8;
