import { log } from '@temporalio/workflow';
import type { Failure } from './run-types';

/** Says in the log that a result will be missing, and why. */
export function logFailed({ what, ...failure }: Failure): void {
  log.error(`${what} failed`, fieldsOf(failure));
}

/** Says in the log that a step is tried again later, and why. */
export function logSetAside({ what, ...failure }: Failure): void {
  log.warn(`${what} set aside`, fieldsOf(failure));
}

/** As docs/logs.md names them. Of a pair these are both layers, of a layer one, of all else none. */
function fieldsOf({ layers, type, message }: Omit<Failure, 'what'>): Record<string, unknown> {
  const [first, second] = layers;
  const subject = second === undefined ? { layer: first } : { source_layer: first, target_layer: second };
  return { ...subject, error_type: type, error: message };
}
