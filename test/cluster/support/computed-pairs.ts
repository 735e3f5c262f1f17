import type { FaultProxy } from '../../support/fault-proxy';

/**
 * How often each pair was computed to its end, seen from the bucket: the summary of a pair states how long it took, so that two
 * computations differ, and the same one uploaded again does not.
 */
export class ComputedPairs {
  private readonly seconds = new Map<string, Set<string>>();

  constructor(proxy: FaultProxy) {
    proxy.onRequest(({ method }, body) => {
      if (method !== 'POST' || body.length > LARGEST_SUMMARY) return;
      const text = body.toString('latin1');
      const [, key] = /([^"/]+\/artifacts\/matches\/[0-9a-f]+)\/summary\.json/.exec(text) ?? [];
      const [, seconds] = /"seconds":([0-9.e-]+)/.exec(text) ?? [];
      if (key === undefined || seconds === undefined) return;
      this.seconds.set(key, (this.seconds.get(key) ?? new Set()).add(seconds));
    });
  }

  /** Computations of pairs of one run, beyond the first of each. */
  repeated(run: string): number {
    const own = [...this.seconds].filter(([key]) => key.startsWith(`${run}/`));
    return own.reduce((sum, [, times]) => sum + times.size - 1, 0);
  }
}

const LARGEST_SUMMARY = 64 * 1024;
