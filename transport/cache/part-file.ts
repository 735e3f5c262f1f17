import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file that is being downloaded, claimed by this process. */
export interface PartFile {
  readonly path: string;
  /** @throws PartLostError when another process has taken it over */
  check(): Promise<void>;
  /** Leaves what is there to whoever comes next. */
  release(): Promise<void>;
}

/** Another process took this one for dead and goes on with the file. */
export class PartLostError extends Error {}

const ALIVE_EVERY_MS = 2_000;
/** Whoever says nothing for so long is dead. */
const DEAD_AFTER_MS = 10_000;
const PART = /\.[0-9a-f]{16}\.part$/;

/** Whether a name is that of an unfinished download. */
export function isPartName(name: string): boolean {
  return PART.test(name);
}

/**
 * Claims the unfinished download of `path`: one that somebody left, else a new, empty one. Whoever holds it keeps its
 * time of change fresh, and takes it over by renaming, which only one can.
 *
 * @returns null while somebody else is at it
 */
export async function claimPart(path: string): Promise<PartFile | null> {
  const own = `${path}.${randomBytes(8).toString('hex')}.part`;
  const existing = await partsOf(path);
  if (existing.some(({ ageMs }) => ageMs < DEAD_AFTER_MS)) return null;
  const [left] = existing;
  if (left === undefined) {
    await (await open(own, 'wx', 0o600)).close();
    // Several may have begun at once: who sees another gives way, and comes back later.
    if ((await partsOf(path)).some((part) => part.path !== own)) {
      await rm(own, { force: true });
      return null;
    }
  } else {
    try {
      await rename(left.path, own);
    } catch {
      return null;
    }
  }
  return hold(own);
}

function hold(path: string): PartFile {
  const sayAlive = (): Promise<void> => utimes(path, Date.now() / 1000, Date.now() / 1000);
  const timer = setInterval(() => void sayAlive().catch(() => undefined), ALIVE_EVERY_MS);
  timer.unref();
  return {
    path,
    check: async () => {
      await sayAlive().catch((cause: unknown) => {
        throw new PartLostError(`${path} was taken over`, { cause });
      });
    },
    release: async () => {
      clearInterval(timer);
      await utimes(path, 0, 0).catch(() => undefined);
    },
  };
}

async function partsOf(path: string): Promise<readonly { path: string; ageMs: number }[]> {
  const names = (await readdir(dirname(path))).filter(
    (name) => isPartName(name) && name.startsWith(`${basename(path)}.`)
  );
  const parts = names.sort().map(async (name) => {
    const part = join(dirname(path), name);
    const info = await stat(part).catch(() => null);
    return info === null ? [] : [{ path: part, ageMs: Date.now() - info.mtimeMs }];
  });
  return (await Promise.all(parts)).flat();
}
