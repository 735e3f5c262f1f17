import { groupFailures } from '../../workflows/group-failures';
import type { ToldFailure } from '../../workflows/group-failures';
import type { ObservedRun } from '../observe-run';

/** Something that went wrong, in however many places. */
export interface Fault {
  /** The step is tried again at once, later, or no more. */
  readonly kind: 'retry' | 'set_aside' | 'failed';
  /** The step: `read`, `fold`, `match`, `drift`, `compose` or `publish`. */
  readonly step: string;
  /** The layers of each, as `3` or `3:4`; none of a step that concerns all. */
  readonly where: readonly string[];
  /** What the first of them said. */
  readonly message: string;
  /** Of retries, the highest attempt that is being made. */
  readonly attempt: number | null;
  /** When it was last seen to happen. */
  readonly time: Date;
}

/** Remembers what has gone wrong in a run, also what has been put right since. */
export class FaultLog {
  private readonly faults = new Map<string, Fault>();

  /** Takes note of what is wrong now. Returns the faults that are new, or happened in further places or again. */
  update({ progress, steps }: ObservedRun, time: Date): Fault[] {
    const retries = steps.filter(({ failure }) => failure !== null);
    const attempt = Math.max(...retries.map((step) => step.attempt));
    return [
      ...this.addAll(
        retries.map(({ failure }) => failure!),
        { kind: 'retry', attempt, time }
      ),
      ...this.addAll(progress?.setAside ?? [], { kind: 'set_aside', attempt: null, time }),
      ...this.addAll(progress?.failures ?? [], { kind: 'failed', attempt: null, time }),
    ];
  }

  /** Latest first. */
  latest(): readonly Fault[] {
    return [...this.faults.values()].reverse();
  }

  private addAll(failures: readonly ToldFailure[], how: Pick<Fault, 'kind' | 'attempt' | 'time'>): Fault[] {
    return groupFailures(failures).flatMap(({ what, type, summary, where, example }) => {
      const key = JSON.stringify([how.kind, what, type, summary]);
      const before = this.faults.get(key);
      const isNews =
        before === undefined || how.attempt! > before.attempt! || where.some((place) => !before.where.includes(place));
      if (!isNews) return [];
      const places = [...new Set([...(before?.where ?? []), ...where])];
      const fault: Fault = { ...how, step: what, where: places, message: before?.message ?? example };
      // The latest come last.
      this.faults.delete(key);
      this.faults.set(key, fault);
      return [fault];
    });
  }
}
