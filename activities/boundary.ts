import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { CancelledError, SaeMatchError, UnavailableError } from '../matching/errors';
import { addFacts, factsOf, layersOf } from './attempt-facts';
import type { AttemptFacts } from './attempt-facts';
import type { ActivityObserver, ActivityOutcome } from './ports';
import type { Heartbeat, TaskProgress } from './task-context';
import { ERROR_CLASSES } from './thread/protocol';
import type { RunTaskOptions } from './thread/run-task';

/** Errors that are not ours may be passing; after this many attempts they are taken for permanent. */
const ATTEMPTS_ON_UNKNOWN_ERRORS = 3;
/** Heartbeats are throttled by the SDK; this only has to be shorter than any heartbeat timeout. */
const HEARTBEAT_INTERVAL_MS = 1000;
/** The first comes sooner, so that whoever watches sees what is short; what is shorter still costs the server nothing. */
const FIRST_HEARTBEAT_MS = 250;
/** Whoever asks to be left alone for longer is asked again after this time. */
const LONGEST_WISH_MS = 60 * 60 * 1000;

/** What work gets from its boundary. */
export interface WorkOptions extends Required<Omit<RunTaskOptions, 'endsThread'>> {
  /** Adds to what is known of this attempt, for log and traces. */
  readonly onFacts: (facts: AttemptFacts) => void;
}

/**
 * Where work meets Temporal: heartbeats with the latest progress while `work` runs, passes cancellation on, says in the log
 * and to the observer what comes of it, and turns errors into failures. This is the one place where errors are sorted into
 * retryable and not: ours say it themselves, unknown ones are retried a few times.
 *
 * The failure's only detail is the summary of the error, by which failures are grouped.
 *
 * @param about what the attempt is about
 */
export async function atBoundary<T>(
  observer: ActivityObserver,
  about: AttemptFacts,
  work: (options: WorkOptions) => Promise<T>
): Promise<T> {
  // Threads report from outside of the activity's asynchronous context, one after the other on behalf of several activities.
  const context = Context.current();
  const attempt = startAttempt(observer, context, about);
  let latest: TaskProgress | null = null;
  const beat = (): void => {
    context.heartbeat({ layers: layersOf(about), progress: latest } satisfies Heartbeat);
  };
  let timer = setTimeout(() => {
    beat();
    timer = setInterval(beat, HEARTBEAT_INTERVAL_MS);
  }, FIRST_HEARTBEAT_MS);
  try {
    const result = await work({
      signal: context.cancellationSignal,
      onProgress: (progress) => {
        latest = progress;
        attempt.progressed(progress);
      },
      onNote: (text, level = 'warn') => {
        context.log[level](text);
      },
      onFoldedRead: (read) => {
        observer.foldedRead(read);
      },
      onStoreTraffic: (traffic) => {
        observer.storeTraffic(traffic);
      },
      onFacts: (facts) => {
        addFacts(context, facts);
      },
    });
    attempt.ended('done', null);
    return result;
  } catch (error) {
    const failure = asFailure(error, context);
    attempt.ended(failure instanceof CancelledFailure ? 'cancelled' : 'failed', error, failure);
    throw failure;
  } finally {
    clearInterval(timer);
  }
}

interface AttemptReport {
  progressed(progress: TaskProgress): void;
  ended(outcome: ActivityOutcome, error: unknown, failure?: Error): void;
}

/** Tells log and observer of an attempt that begins, and later of its end. */
function startAttempt(observer: ActivityObserver, context: Context, about: AttemptFacts): AttemptReport {
  const started = performance.now();
  const observed = observer.attemptStarted(context.info);
  addFacts(context, { ...about, ...observed.facts });
  context.log.debug('activity started');
  return {
    progressed: (progress) => {
      observed.progressed(progress);
    },
    ended: (outcome, error, failure) => {
      const seconds = (performance.now() - started) / 1000;
      const hasFailed = outcome === 'failed';
      if (hasFailed) {
        const retryable = failure instanceof ApplicationFailure && failure.nonRetryable !== true;
        context.log.warn('activity failed', { seconds, error, retryable });
      } else context.log.info(`activity ${outcome}`, { seconds });
      const message = error instanceof Error ? error.message : String(error);
      observed.ended({
        ...{ outcome, seconds, facts: factsOf(context) },
        failure: hasFailed ? { errorClass: errorClass(error), message } : null,
      });
    },
  };
}

function asFailure(error: unknown, { cancellationSignal, info }: Context): Error {
  if (cancellationSignal.aborted || error instanceof CancelledError) {
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
    nonRetryable: info.attempt >= ATTEMPTS_ON_UNKNOWN_ERRORS,
    ...(error instanceof Error && { cause: error }),
  });
}

/** The class of ours that an error is of; metrics have a series for each, so there must be few. */
function errorClass(error: unknown): string {
  return ERROR_CLASSES.find((known) => error instanceof known)?.name ?? 'other';
}
