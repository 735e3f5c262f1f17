import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { EnvironmentError } from '../matching/errors';
import { identify, isAlive, type ProcessIdentity } from './process-identity';

/** A program to run in the background, beyond the life of the process that starts it. */
export interface BackgroundProgram {
  /**
   * Name the process bears instead of its file name (argument zero), unique on the machine, such as
   * `sae-match-worker@<home>`. {@link findBackground} finds the process by it even when whoever started it was killed
   * before it could write down the id. The program must not rename itself (`process.title`).
   */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the program; default: that of the caller. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Receives standard output and error, appended; moved to `<logFile>.1` first when it has grown large. */
  readonly logFile: string;
}

/** A running background program, found by its name. */
export interface BackgroundProcess {
  readonly identity: ProcessIdentity;
  /** Its arguments; on systems without /proc, split at spaces. */
  readonly args: readonly string[];
}

const logLimitBytes = 16 * 2 ** 20;

/**
 * Starts a program in a session of its own, so that it survives the caller and the terminal.
 *
 * @throws EnvironmentError when it cannot be started or ends at once.
 */
export async function startBackground(program: BackgroundProgram): Promise<ProcessIdentity> {
  const log = openLog(program.logFile);
  try {
    const child = spawn(program.command, program.args, {
      argv0: program.name,
      detached: true,
      stdio: ['ignore', log, log],
      env: program.env ?? process.env,
      cwd: program.cwd,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        resolve(child.pid!);
      });
    });
    child.unref();
    const identity = identify(pid);
    if (identity === undefined) throw new Error('it ended at once');
    return identity;
  } catch (cause) {
    throw new EnvironmentError('the program does not start', {
      file: program.command,
      found: (cause as Error).message,
      remedy: `See ${program.logFile}.`,
      cause,
    });
  } finally {
    closeSync(log);
  }
}

/** The running programs that were started under `name`, whoever started them. */
export function findBackground(name: string): BackgroundProcess[] {
  const candidates = process.platform === 'linux' ? commandLinesFromProc() : commandLinesFromPs(name);
  return candidates.flatMap(({ pid, argv }) => {
    const identity = argv[0] === name ? identify(pid) : undefined;
    return identity === undefined ? [] : [{ identity, args: argv.slice(1) }];
  });
}

/**
 * Ends a process: asks it with SIGTERM, then kills it after `graceMs`. Returns once it is gone; at once when it was.
 *
 * @throws EnvironmentError when the process may not be signalled or outlives the kill.
 */
export async function stopProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (await signalAndWait(identity, 'SIGTERM', graceMs)) return;
  if (await signalAndWait(identity, 'SIGKILL', 10_000)) return;
  throw new EnvironmentError(`process ${identity.pid} cannot be ended`, { remedy: 'End it by hand.' });
}

/** The last lines of a log file, for an error message; an empty string when there is none. */
export function logTail(logFile: string, lines = 5): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

async function signalAndWait(identity: ProcessIdentity, signal: NodeJS.Signals, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  if (!isAlive(identity)) return true;
  try {
    process.kill(identity.pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return true;
    throw new EnvironmentError(`process ${identity.pid} cannot be signalled`, {
      remedy: 'Use the account that started it.',
      cause,
    });
  }
  while (Date.now() < deadline) {
    if (!isAlive(identity)) return true;
    await sleep(25);
  }
  return !isAlive(identity);
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) renameSync(logFile, `${logFile}.1`);
  return openSync(logFile, 'a');
}

function commandLinesFromProc(): { pid: number; argv: string[] }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const argv = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return [{ pid: Number(entry), argv }];
      } catch {
        return [];
      }
    });
}

function commandLinesFromPs(name: string): { pid: number; argv: string[] }[] {
  const listing = execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return listing.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s(.*)$/.exec(line);
    if (!match?.[2]?.startsWith(`${name} `)) return [];
    return [{ pid: Number(match[1]), argv: [name, ...match[2].slice(name.length + 1).split(' ')] }];
  });
}
