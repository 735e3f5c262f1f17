import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Oldest Node.js that can `require` the ES modules in use. */
export const minimumNode = '20.19.0';

/** Share of the machine's memory that a process may use unless told otherwise. */
const MEMORY_SHARE = 0.7;

/** What matters of a machine before a run. */
export interface MachineFacts {
  readonly node: { readonly version: string; readonly supported: boolean; readonly minimum: string };
  /** Version of the Go toolchain on PATH, such as `1.26.0`; null when there is none. */
  readonly go: string | null;
  readonly cores: number;
  /** Memory this process may use, in bytes: that of the container, else of the machine. */
  readonly memoryBytes: number;
}

/** Facts about this machine for `doctor`. */
export async function machineFacts(): Promise<MachineFacts> {
  const version = process.versions.node;
  return {
    node: { version, supported: isAtLeast(version, minimumNode), minimum: minimumNode },
    go: (await goVersion()) ?? null,
    cores: availableParallelism(),
    memoryBytes: memoryLimit(),
  };
}

/** Memory this process may use, in bytes: the container's limit where there is one, else the machine's memory. */
export function memoryLimit(): number {
  // Without a limit the system reports zero or an absurdly large number.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Bytes a process may use by default: 70 % of what the machine or its container has. */
export function defaultMemoryBudget(): number {
  return Math.floor(memoryLimit() * MEMORY_SHARE);
}

/** Bytes that this user may still write on the disk of `folder`, which need not exist yet. */
export async function freeDisk(folder: string): Promise<number> {
  let existing = resolve(folder);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

/** Version of the Go toolchain on the PATH of `env`, such as `1.26.0`; undefined when none works. */
export async function goVersion(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('go', ['version'], { env, timeout: 15_000 });
    return /go(\d+(?:\.\d+)+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether the dotted version `version` is `minimum` or later. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [found, needed] = [version, minimum].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < needed!.length; i++) {
    const difference = (found![i] ?? 0) - needed![i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
