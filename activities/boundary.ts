import { activityInfo, ApplicationFailure, CancelledFailure, Context, heartbeat, log } from '@temporalio/activity';
import { CancelledError, SaeMatchError, UnavailableError } from '../matching/errors';
import type { ActivityObserver, ActivityOutcome } from './ports';
import type { TaskProgress } from './task-context';
import { ERROR_CLASSES } from './thread/protocol';
import type { RunTaskOptions } from './thread/run-task';

/** Errors that are not ours may be passing; after this many attempts they are taken for permanent. */
const ATTEMPTS_ON_UNKNOWN_ERRORS = 3;
/** Heartbeats are throttled by the SDK; this only has to be shorter than any heartbeat timeout. */
const HEARTBEAT_INTERVAL_MS = 1000;
/** Whoever asks to be left alone for longer is asked again after this time. */
const LONGEST_WISH_MS = 60 * 60 * 1000;

/**
 * Where work meets Temporal: heartbeats with the latest progress while `work` runs, passes cancellation on, and turns
 * errors into failures. This is the one place where errors are sorted into retryable and not: ours say it themselves,
 * unknown ones are retried a few times.
 *
 * The failure's only detail is the summary of the error, by which failures are grouped.
 */
export async function atBoundary<T>(
  observer: ActivityObserver,
  work: (options: Required<Omit<RunTaskOptions, 'endsThread'>>) => Promise<T>
): Promise<T> {
  const started = performance.now();
  const { activityType, attempt } = activityInfo();
  const ended = (outcome: ActivityOutcome): void => {
    observer.activityEnded(activityType, outcome, (performance.now() - started) / 1000);
  };
  if (attempt > 1) observer.activityRetried(activityType);
  let latest: TaskProgress | null = null;
  const timer = setInterval(() => {
    heartbeat(latest);
  }, HEARTBEAT_INTERVAL_MS);
  try {
    const result = await work({
      signal: Context.current().cancellationSignal,
      onProgress: (progress) => {
        latest = progress;
        observer.progressed();
      },
      onNote: (text) => {
        log.warn(text);
      },
      onFoldedRead: (read) => {
        observer.foldedRead(read);
      },
      onStoreTraffic: (traffic) => {
        observer.storeTraffic(traffic);
      },
    });
    ended('done');
    return result;
  } catch (error) {
    const failure = asFailure(error, attempt);
    if (failure instanceof CancelledFailure) ended('cancelled');
    else {
      ended('failed');
      observer.activityFailed(activityType, errorClass(error));
    }
    throw failure;
  } finally {
    clearInterval(timer);
  }
}

function asFailure(error: unknown, attempt: number): Error {
  if (Context.current().cancellationSignal.aborted || error instanceof CancelledError) {
    return new CancelledFailure('the activity was cancelled');
  }
  if (error instanceof SaeMatchError) {
    const { name: type, message, summary } = error;
    const nextRetryDelay = error instanceof UnavailableError ? Math.min(error.retryAfterMs, LONGEST_WISH_MS) : 0;
    return ApplicationFailure.create({
      ...{ type, message, nonRetryable: !error.retryable, details: [summary] },
      ...(nextRetryDelay > 0 && { nextRetryDelay }),
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    type: error instanceof Error ? error.name : 'Error',
    message: `unexpected: ${message}`,
    nonRetryable: attempt >= ATTEMPTS_ON_UNKNOWN_ERRORS,
    ...(error instanceof Error && { cause: error }),
  });
}

/** The class of ours that an error is of; metrics have a series for each, so there must be few. */
function errorClass(error: unknown): string {
  return ERROR_CLASSES.find((known) => error instanceof known)?.name ?? 'other';
}
