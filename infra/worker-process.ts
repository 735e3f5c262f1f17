import { join } from 'node:path';

import { z } from 'zod';

import type { Home } from './home';
import { withLifecycleLock } from './leases';
import { isAlive, processIdentitySchema } from './process-identity';
import { findBackground, startBackground, stopProcess } from './processes';
import { readState, removeState, writeState } from './state-file';

/** The worker that the embedded mode runs in the background. */
export interface WorkerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the worker; default: that of the caller. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Everything that makes one worker different from another: version, options, server address. */
  readonly fingerprint: string;
  /** How long a worker that is replaced may take to finish, in milliseconds; default 30 seconds. */
  readonly graceMs?: number;
}

const workerRecordSchema = processIdentitySchema.extend({ fingerprint: z.string(), logFile: z.string() });

/** What is known of the background worker. */
export type WorkerRecord = Readonly<z.infer<typeof workerRecordSchema>>;

/**
 * Makes sure that the background worker of `home` runs: keeps a live one with the same fingerprint, replaces a live one
 * with another, starts one where there is none. Says nothing about whether the worker has connected yet; its log is
 * `logFile`.
 *
 * @throws EnvironmentError when the program cannot be started, or the old worker cannot be ended.
 */
export async function ensureWorker(
  home: Home,
  program: WorkerProgram
): Promise<WorkerRecord & { readonly outcome: 'adopted' | 'started' }> {
  return withLifecycleLock(home, async () => {
    const running = workerStatus(home);
    if (running?.fingerprint === program.fingerprint) return { ...running, outcome: 'adopted' };
    await stopWorker(home, program.graceMs);
    const logFile = join(home.logs, 'worker.log');
    const identity = await startBackground({ ...program, name: workerName(home), logFile });
    const record = { ...identity, fingerprint: program.fingerprint, logFile };
    writeState(recordFile(home), record);
    return { ...record, outcome: 'started' };
  });
}

/** Ends the background worker, also one whose starter was killed before recording it. Returns whether one ran. */
export async function stopWorker(home: Home, graceMs = 30_000): Promise<boolean> {
  return withLifecycleLock(home, async () => {
    const running = findBackground(workerName(home));
    await Promise.all(running.map(({ identity }) => stopProcess(identity, graceMs)));
    removeState(recordFile(home));
    return running.length > 0;
  });
}

/** The background worker of `home` while it lives. */
export function workerStatus(home: Home): WorkerRecord | undefined {
  const record = readState(recordFile(home), workerRecordSchema);
  return record !== undefined && isAlive(record) ? record : undefined;
}

function workerName(home: Home): string {
  return `sae-match-worker@${home.dir}`;
}

function recordFile(home: Home): string {
  return join(home.dir, 'worker.json');
}
