import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { EnvironmentError } from '../matching/errors';
import { identityText, isAlive, ownIdentity, parseIdentity, type ProcessIdentity } from './process-identity';

export interface LockOptions {
  /** How long to wait for a live holder, in milliseconds; default two minutes. */
  readonly timeoutMs?: number;
  /** Called once when the lock is held by somebody else. */
  readonly onWait?: (holder: ProcessIdentity) => void;
}

/**
 * Runs `work` while no other process of this machine (and no other call in this one) runs under the same lock. A holder
 * that was killed loses the lock at once. A nested call for a lock that the caller already holds goes straight on.
 *
 * The lock is a sequence of numbered symbolic links, `<path>.1`, `<path>.2`, ...; the newest names the holder. A link is
 * created exclusively and together with its content, and the newest is never removed, so that two processes that both
 * find a dead holder compete for the same next number and only one wins.
 *
 * @throws EnvironmentError when a live holder keeps the lock for longer than the timeout.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const outer = heldByCaller.getStore() ?? [];
  if (outer.includes(path)) return work();
  const ticket = await acquire(path, options);
  try {
    return await heldByCaller.run([...outer, path], work);
  } finally {
    release(path, ticket);
  }
}

const heldByCaller = new AsyncLocalStorage<readonly string[]>();
const released = 'released';
let releases = 0;

async function acquire(path: string, { timeoutMs = 120_000, onWait }: LockOptions): Promise<number> {
  const deadline = Date.now() + timeoutMs;
  let told = false;
  for (;;) {
    const newest = newestTicket(path);
    const holder = newest === 0 ? undefined : liveHolder(path, newest);
    if (holder === undefined) {
      if (takeTicket(path, newest + 1)) return newest + 1;
      continue;
    }
    if (!told) onWait?.(holder);
    told = true;
    if (Date.now() > deadline) throw busy(path, holder);
    await sleep(process.platform === 'linux' ? 30 : 200);
  }
}

function takeTicket(path: string, ticket: number): boolean {
  try {
    symlinkSync(identityText(ownIdentity()), linkPath(path, ticket));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new EnvironmentError('the lock cannot be created', {
      file: path,
      remedy: 'Use a home folder on a local disk that you can write.',
      cause: error,
    });
  }
  // Between looking and creating, others may have taken this number and later ones, and tidied it away.
  if (newestTicket(path) !== ticket) {
    unlink(linkPath(path, ticket));
    return false;
  }
  for (const older of tickets(path)) if (older < ticket) unlink(linkPath(path, older));
  return true;
}

function release(path: string, ticket: number): void {
  const temporary = `${path}.free-${process.pid}-${releases++}`;
  symlinkSync(released, temporary);
  renameSync(temporary, linkPath(path, ticket));
}

function liveHolder(path: string, ticket: number): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readlinkSync(linkPath(path, ticket));
  } catch {
    return undefined;
  }
  const holder = text === released ? undefined : parseIdentity(text);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Looks twice, because one listing can miss both a link just removed and its successor just created. */
function newestTicket(path: string): number {
  return Math.max(0, ...tickets(path), ...tickets(path));
}

function tickets(path: string): number[] {
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

function linkPath(path: string, ticket: number): string {
  return `${path}.${ticket}`;
}

function unlink(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function busy(path: string, holder: ProcessIdentity): EnvironmentError {
  return new EnvironmentError('another process keeps the lock', {
    file: path,
    found: `process ${holder.pid}`,
    remedy: `Wait for process ${holder.pid}, or end it when it hangs.`,
  });
}
