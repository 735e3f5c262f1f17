import type { ObservedRun } from '../observe-run';
import { FaultLog } from './fault-log';
import type { Fault } from './fault-log';
import { paceOf } from './pace';
import type { RunView, WatchedRun } from './run-view';

/** Keeps what is known of a run while it is watched. */
export class ViewOfRun {
  private readonly faults = new FaultLog();
  private latest: ObservedRun = { progress: null, steps: [], workers: [] };
  private reachable = true;

  constructor(private readonly run: WatchedRun) {}

  /** Returns the faults that are new. */
  update(observed: ObservedRun): Fault[] {
    this.latest = observed;
    this.reachable = true;
    return this.faults.update(observed, new Date());
  }

  /** The server does not answer. */
  lost(): void {
    this.reachable = false;
  }

  view(): RunView {
    const now = new Date();
    const { progress } = this.latest;
    return {
      ...this.run,
      ...this.latest,
      now,
      reachable: this.reachable,
      pace: progress === null ? null : paceOf(progress, now.getTime()),
      faults: this.faults.latest(),
    };
  }
}
