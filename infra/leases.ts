import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Home } from './home';
import { withLock } from './lock';
import { identityText, isAlive, ownIdentity, parseIdentity } from './process-identity';
import { removeState, writeState } from './state-file';

/** A command's claim on the embedded server and worker: while one is held, nobody stops them. */
export interface Lease {
  /**
   * Gives the claim up. When no other live process has one and nothing keeps the server running detached, calls
   * `whenLast` before any other command can adopt or start a server. A second call does nothing.
   */
  release(whenLast: () => Promise<void>): Promise<LeaseEnd>;
}

/** How things stood when a lease was given up. */
export interface LeaseEnd {
  /** Live leases that remain. */
  readonly others: number;
  /** Whether the server and the worker are to go on without any command. */
  readonly detached: boolean;
  /** Whether `whenLast` was called. */
  readonly last: boolean;
}

/** Everything that starts, adopts or ends the processes of a home happens under this lock. */
export function withLifecycleLock<T>(home: Home, work: () => Promise<T>): Promise<T> {
  return withLock(join(home.dir, 'lifecycle.lock'), work);
}

/** Takes a lease for this process, which ends with {@link Lease.release} or with the process, however it dies. */
export function takeLease(home: Home): Lease {
  mkdirSync(leaseFolder(home), { recursive: true });
  const file = join(leaseFolder(home), `${identityText(ownIdentity())}.${taken++}.json`);
  writeState(file, { argv: process.argv.slice(1) });
  let end: Promise<LeaseEnd> | undefined;
  return { release: (whenLast) => (end ??= releaseLease(home, file, whenLast)) };
}
let taken = 0;

/** Number of leases that live processes hold; those of dead ones are removed. */
export function countLeases(home: Home): number {
  let live = 0;
  for (const name of leaseFiles(home)) {
    const owner = parseIdentity(name.replace(/\.\d+\.json.*$/, ''));
    if (owner !== undefined && isAlive(owner)) live += name.endsWith('.json') ? 1 : 0;
    else rmSync(join(leaseFolder(home), name), { force: true });
  }
  return live;
}

/** Lets the server and the worker of this home go on when the last command leaves. */
export function markDetached(home: Home): void {
  writeFileSync(detachedFile(home), '');
}

/** Undoes {@link markDetached}. */
export function clearDetached(home: Home): void {
  removeState(detachedFile(home));
}

/** Whether {@link markDetached} is in force. */
export function isDetached(home: Home): boolean {
  return readdirSync(home.dir).includes('detached');
}

async function releaseLease(home: Home, file: string, whenLast: () => Promise<void>): Promise<LeaseEnd> {
  return withLifecycleLock(home, async () => {
    removeState(file);
    const others = countLeases(home);
    const detached = isDetached(home);
    const last = others === 0 && !detached;
    if (last) await whenLast();
    return { others, detached, last };
  });
}

function leaseFiles(home: Home): string[] {
  try {
    return readdirSync(leaseFolder(home));
  } catch {
    return [];
  }
}

function leaseFolder(home: Home): string {
  return join(home.dir, 'leases');
}

function detachedFile(home: Home): string {
  return join(home.dir, 'detached');
}
