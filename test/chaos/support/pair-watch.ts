import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/**
 * Watches the store of one output folder from outside. A pair is finished once its summary is there, and its summary is
 * a new file (another inode or time) each time the pair is computed.
 */
export class PairWatch {
  private readonly versions = new Map<string, Set<string>>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly out: string) {
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_EVERY_MS);
  }

  /** Waits until `pairs` pairs are finished, or `given` up. */
  async finished(pairs: number, givenUp: () => boolean): Promise<void> {
    while (this.versions.size < pairs && !givenUp()) await sleep(LOOK_EVERY_MS);
  }

  /** The finished pairs now: content key of each with the version of its summary. */
  snapshot(): ReadonlyMap<string, string> {
    const folder = join(this.out, 'artifacts/matches');
    const keys = existsSync(folder) ? readdirSync(folder) : [];
    return new Map(
      keys.flatMap((key): [string, string][] => {
        const stat = statSync(join(folder, key, 'summary.json'), { bigint: true, throwIfNoEntry: false });
        return stat === undefined ? [] : [[key, `${stat.ino}/${stat.mtimeNs}`]];
      })
    );
  }

  /** The versions that these pairs have now. */
  snapshotOf(keys: Iterable<string>): ReadonlyMap<string, string | undefined> {
    const now = this.snapshot();
    return new Map([...keys].map((key) => [key, now.get(key)]));
  }

  /** How often these pairs were computed since the watch began, all together. */
  computations(keys: readonly string[]): number {
    this.look();
    return keys.reduce((sum, key) => sum + (this.versions.get(key)?.size ?? 0), 0);
  }

  /** Content keys of the pairs that were computed more than once since the watch began. */
  repeated(): string[] {
    this.look();
    return [...this.versions].filter(([, versions]) => versions.size > 1).map(([key]) => key);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const [key, version] of this.snapshot()) {
      this.versions.set(key, (this.versions.get(key) ?? new Set()).add(version));
    }
  }
}
