import { SaeMatchError, UsageError } from '../matching/errors';
import type { RunState } from '../workflows/run-types';

/** Exit codes of every verb. */
export const EXIT = { done: 0, failed: 1, usage: 2, partial: 3, cancelled: 130 } as const;

const OF_STATE: Record<Exclude<RunState, 'running'>, number> = {
  done: EXIT.done,
  partial: EXIT.partial,
  failed: EXIT.failed,
  cancelled: EXIT.cancelled,
};

export function exitCodeOfState(state: RunState): number {
  return state === 'running' ? EXIT.done : OF_STATE[state];
}

export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof SaeMatchError && error.name === 'CancelledError') return EXIT.cancelled;
  return EXIT.failed;
}
