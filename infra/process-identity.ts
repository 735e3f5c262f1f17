import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { z } from 'zod';

/** Which process is meant, for good: its id together with when it began, because the system uses ids again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for one process whoever asks, different for a later process with the same id. */
  readonly started: string;
}

export const processIdentitySchema = z.object({ pid: z.number().int().positive(), started: z.string().min(1) });

/** The identity of the live process `pid`; undefined when there is none, or only its unreaped remains. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedFromProc(pid) : startedFromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** The identity of the process that calls. */
export function ownIdentity(): ProcessIdentity {
  own ??= identify(process.pid);
  return own ?? { pid: process.pid, started: 'unknown' };
}
let own: ProcessIdentity | undefined;

/** One word that stands for the identity, fit for a file name; {@link parseIdentity} reads it back. */
export function identityText({ pid, started }: ProcessIdentity): string {
  return `${pid}-${started}`;
}

/** Reads what {@link identityText} wrote; undefined for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^(\d+)-(.+)$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), started: match[2]! };
}

/** Start time in clock ticks since boot, with the boot's own id: ticks alone repeat after a restart of the machine. */
function startedFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, threads, ticks] = [fields[0]!, Number(fields[17]), fields[19]!];
    // A killed process shows as ended while other threads of it still hold its files and ports.
    const ended = (state === 'Z' && threads <= 1) || state === 'X';
    return ended ? undefined : `${bootId()}.${ticks}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  return boot;
}
let boot: string | undefined;

function startedFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const match = /^(\S+)\s+(.+)$/.exec(line);
    return match === null || match[1]!.startsWith('Z') ? undefined : match[2]!.replaceAll(/[^0-9A-Za-z]+/g, '_');
  } catch {
    return undefined;
  }
}
