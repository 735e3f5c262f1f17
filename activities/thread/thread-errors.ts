import { CancelledError, SaeMatchError } from '../../matching/errors';
import { ERROR_CLASSES } from './protocol';

/** An error as it travels between threads: class and fields become data. */
export interface ThreadError {
  readonly type: string;
  readonly message: string;
  readonly summary: string;
  readonly stack: string;
  readonly code: string | null;
}

export function describeError(error: unknown): ThreadError {
  const known = [CancelledError, ...ERROR_CLASSES].find((candidate) => error instanceof candidate);
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
    const { message, stack = '' } = error;
    const summary = error instanceof SaeMatchError ? error.summary : message;
    return { type: known?.name ?? error.name, message, summary, stack, code };
  }
  return { type: 'Error', message: String(error), summary: String(error), stack: '', code: null };
}

export function reviveError(error: ThreadError): Error {
  if (error.type === 'CancelledError') return new CancelledError();
  const known = ERROR_CLASSES.find(({ name }) => name === error.type);
  const revived =
    known === undefined
      ? new Error(error.message)
      : Object.assign(new known(error.message), { summary: error.summary });
  revived.stack = error.stack;
  if (error.code !== null) Object.assign(revived, { code: error.code });
  return revived;
}
