import { SaeMatchError } from '../../matching/errors';
import { ERROR_CLASSES } from '../../activities/thread/protocol';
import type { LogRecord } from './log-fields';

/**
 * An error as fields of a line: what began it, its class, and where it came from unless it is one of ours, whose message
 * says what to do.
 */
export function describeLogged(error: unknown): Pick<LogRecord, 'error_type' | 'error' | 'error_stack'> {
  // An error of a message from the bridge or another realm is no instance of this one's Error.
  if (typeof error === 'string') return { error };
  if (!isErrorLike(error)) return { error_type: 'Error', error: String(error) };
  const root = rootOf(error);
  const type = typeof root.type === 'string' ? root.type : root.name;
  const isOurs = root instanceof SaeMatchError || ERROR_CLASSES.some(({ name }) => name === type);
  return {
    error_type: type,
    error: root.message,
    ...(!isOurs && root.stack !== undefined && { error_stack: root.stack }),
  };
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Class of an error that came from elsewhere as a failure of Temporal. */
  readonly type?: unknown;
  readonly cause?: unknown;
}

const isErrorLike = (value: unknown): value is ErrorLike =>
  typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';

/** Failures of activities and child workflows say only that there was one. */
function rootOf(error: ErrorLike): ErrorLike {
  const wraps = error.name === 'ActivityFailure' || error.name === 'ChildWorkflowFailure';
  return wraps && isErrorLike(error.cause) ? rootOf(error.cause) : error;
}
