import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { SaeMatchError, UnavailableError } from '../matching/errors';

/** How long a place that does not answer is waited for. */
export interface Patience {
  /** Attempts in a row that may fail before the fault is reported. */
  readonly attempts: number;
  /** Delay after the first failure, doubled after each further one. */
  readonly firstDelayMs: number;
  /** Without a byte for so long a transfer counts as failed. */
  readonly stallMs: number;
}

/** Rides out some ten seconds; what lasts longer is for the retries of whoever asked. */
export const PATIENCE: Patience = { attempts: 6, firstDelayMs: 300, stallMs: 30_000 };

const LONGEST_DELAY_MS = 30_000;

/** Heard by whoever runs the command or the task, in this thread; nothing in between has to pass it on. */
const RETRIES = 'sae-match:retry';
const retries = channel(RETRIES);

/** Calls `listener` when a place is waited for, for the first time only, with a line that says so. @returns what ends it */
export function onFirstRetry(listener: (line: string) => void): () => void {
  const hear = (line: unknown): void => {
    unsubscribe(RETRIES, hear);
    listener(String(line));
  };
  subscribe(RETRIES, hear);
  return () => {
    unsubscribe(RETRIES, hear);
  };
}

/**
 * Calls `attempt` until it succeeds, as long as what it throws may pass.
 *
 * @throws what `attempt` threw last
 */
export async function patiently<T>(patience: Patience, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error) || failures >= patience.attempts) throw error;
      await waitBeforeRetry(patience, failures, error, signal);
    }
  }
}

/** Whether the same call may succeed later. */
export function mayPass(error: unknown): boolean {
  return error instanceof SaeMatchError && error.retryable;
}

/** Waits as long as the place asked for, or longer after each failure in a row. @throws when the signal is aborted */
export async function waitBeforeRetry(
  { firstDelayMs }: Patience,
  failures: number,
  error: unknown,
  signal?: AbortSignal
): Promise<void> {
  retries.publish(waitingLine(error));
  const asked = error instanceof UnavailableError ? error.retryAfterMs : 0;
  // Spread out, so that workers that failed together do not come back together.
  const delay = Math.max(asked, firstDelayMs * 2 ** (failures - 1) * (0.5 + Math.random() / 2));
  await sleep(Math.min(LONGEST_DELAY_MS, delay), undefined, signal === undefined ? {} : { signal });
}

function waitingLine(error: unknown): string {
  const { file, found } = error instanceof SaeMatchError ? error.facts : { file: undefined, found: String(error) };
  return `waiting for ${file ?? 'an answer'} (${found ?? 'no answer'}); trying again`;
}
