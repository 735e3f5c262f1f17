import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { factsOf } from '../../activities/attempt-facts';

/** Puts what is known of an attempt, such as its layers, on every line of the log that belongs to it. */
export const withAttemptFacts: ActivityInterceptorsFactory = (context) => ({
  outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, ...factsOf(context) }) },
});
