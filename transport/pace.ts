import { setTimeout as sleep } from 'node:timers/promises';

/** Time, in milliseconds, and waiting. */
export interface Clock {
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** Lets requests begin one after the other: never more of them a minute than are allowed, and none while a server wants a rest. */
export class RequestPace {
  private next: number;
  private readonly intervalMs: number;

  /** @param perMinute null: as many as there are */
  constructor(
    perMinute: number | null,
    private readonly clock = CLOCK
  ) {
    this.intervalMs = perMinute === null ? 0 : 60_000 / perMinute;
    // Whoever asked before this process may have done so just now.
    this.next = clock.now() + this.intervalMs;
  }

  /** Waits until the next request may begin. @throws AbortError when the signal is aborted */
  async turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.clock.now();
      if (this.next <= now) break;
      // The first to wake takes the turn; the others wait for the next one.
      await this.clock.sleep(this.next - now, signal);
    }
    this.next = this.clock.now() + this.intervalMs;
  }

  /** No request begins within this time. */
  rest(ms: number): void {
    this.next = Math.max(this.next, this.clock.now() + ms);
  }
}
