/** Without anything new there is a line all the same after so many intervals, to say that the run is still watched. */
const QUIET_INTERVALS = 6;

/** Says when the next line of progress is due, in a stream of them. */
export class Cadence {
  private told = '';
  private toldAt = -Infinity;

  /** @param intervalMs least time between two lines */
  constructor(private readonly intervalMs: number) {}

  /**
   * @param state what a line would say, as far as it is worth a line
   * @param urgent the line is not to wait
   */
  isDue(state: string, now: number, urgent = false): boolean {
    const waited = now - this.toldAt;
    const isNew = state !== this.told;
    if (!(isNew && (urgent || waited >= this.intervalMs)) && waited < QUIET_INTERVALS * this.intervalMs) return false;
    this.told = state;
    this.toldAt = now;
    return true;
  }
}
