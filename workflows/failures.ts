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
    return { what, layers, type: cause.type ?? 'Error', message: cause.message };
  }
  if (cause instanceof TimeoutFailure) {
    return { what, layers, type: 'TimeoutError', message: `${what} did not finish in time: ${cause.message}` };
  }
  return { what, layers, type: 'Error', message: cause instanceof Error ? cause.message : String(cause) };
}

function rootOf(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause !== undefined ? rootOf(error.cause) : error;
}
