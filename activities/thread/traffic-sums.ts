import type { StoreTraffic } from '../../artifacts/store/metered-store';

/** Transfers are told of this often at most, and when the task ends: a message between threads costs as much as a small read. */
const TELL_EVERY_MS = 1000;

/** Adds up what a task reads from stores and writes to them. */
export class TrafficSums {
  private readonly sums = new Map<string, StoreTraffic>();
  private told = performance.now();

  constructor(private readonly onSum: (sum: StoreTraffic) => void) {}

  add(traffic: StoreTraffic): void {
    const kind = `${traffic.operation} ${traffic.store}`;
    this.sums.set(kind, { ...traffic, bytes: traffic.bytes + (this.sums.get(kind)?.bytes ?? 0) });
    if (performance.now() - this.told >= TELL_EVERY_MS) this.tell();
  }

  /** Tells of what was added since it was told last. */
  tell(): void {
    for (const sum of this.sums.values()) this.onSum(sum);
    this.sums.clear();
    this.told = performance.now();
  }
}
