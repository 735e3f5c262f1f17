import type { TaskProgress } from '../activities/task-context';

/** A pair that is being matched. */
export interface PairAtWork {
  /** What it reported last, null before its first report. */
  latest: TaskProgress | null;
  /** When it began or reported last, in milliseconds since 1970. */
  movedAt: number;
}

/** The pairs that a process matches now, and when its work last moved. */
export class PairsAtWork {
  private readonly pairs = new Set<PairAtWork>();
  private movedAt: number;

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number) {
    this.movedAt = now();
  }

  get count(): number {
    return this.pairs.size;
  }

  begin(): PairAtWork {
    this.moved();
    const pair: PairAtWork = { latest: null, movedAt: this.movedAt };
    this.pairs.add(pair);
    return pair;
  }

  report(pair: PairAtWork, progress: TaskProgress): void {
    this.moved();
    pair.latest = progress;
    pair.movedAt = this.movedAt;
  }

  end(pair: PairAtWork): void {
    this.moved();
    this.pairs.delete(pair);
  }

  /** Some other work went on. */
  moved(): void {
    this.movedAt = this.now();
  }

  /** What the pairs at work reported last. */
  latest(): TaskProgress[] {
    return [...this.pairs].flatMap(({ latest }) => latest ?? []);
  }

  /**
   * When the pair at work that has stood still for longest last moved: one that hangs must not hide behind the others.
   * Without a pair at work, when anything last moved. Seconds since 1970.
   */
  lastMoved(): number {
    const times = [...this.pairs].map(({ movedAt }) => movedAt);
    return (times.length === 0 ? this.movedAt : Math.min(...times)) / 1000;
  }
}
