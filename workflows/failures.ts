import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Failure } from './run-types';

/** Says in words why a step failed. Cancellation is not a failure: it is thrown on. */
export function asFailure(error: unknown, what: string, layers: readonly number[]): Failure {
  if (isCancellation(error)) throw error;
  const cause = rootOf(error);
  if (cause instanceof ApplicationFailure) {
    const [summary] = cause.details ?? [];
    const { type, message } = cause;
    return { what, layers, type: type ?? 'Error', message, ...(typeof summary === 'string' && { summary }) };
  }
  if (cause instanceof TimeoutFailure) {
    const summary = `no answer within the ${TIMEOUTS[cause.timeoutType ?? ''] ?? 'time limit'}`;
    return { what, layers, type: 'TimeoutError', message: `${what} ${layers.join(':')}: ${summary}`, summary };
  }
  return { what, layers, type: 'Error', message: cause instanceof Error ? cause.message : String(cause) };
}

/**
 * Whether the step may succeed later: when whatever did not answer is back, when a person has mended the machine, on another
 * machine, or once a damaged artifact is computed again. What broken input is to blame for does not pass.
 */
export function mayPass(error: unknown): boolean {
  const cause = rootOf(error);
  if (!(cause instanceof ApplicationFailure)) return cause instanceof TimeoutFailure;
  return cause.nonRetryable !== true || isCorrupt(cause) || cause.type === 'EnvironmentError';
}

/** Whether something in the store was found missing or damaged. */
export function isCorrupt(error: unknown): boolean {
  const cause = rootOf(error);
  return cause instanceof ApplicationFailure && cause.type === 'ArtifactCorruptError';
}

const TIMEOUTS: Readonly<Record<string, string>> = {
  HEARTBEAT: 'time between two heartbeats: the worker was lost',
  START_TO_CLOSE: 'time limit of one attempt',
  SCHEDULE_TO_CLOSE: 'deadline of the run',
};

function rootOf(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause !== undefined ? rootOf(error.cause) : error;
}
