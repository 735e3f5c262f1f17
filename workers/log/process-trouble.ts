import type { Logger } from '@temporalio/worker';

/**
 * Has the log say what Node.js would print by itself: its warnings, and an error that nothing catches, which ends the process
 * as it does without this. Otherwise a log of JSON lines would have others among them.
 */
export function logProcessTrouble(log: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    log.warn(message, { error_type: name });
  });
  process.once('uncaughtException', (error) => {
    log.error('the worker ends after an unexpected error', { error });
    process.exit(1);
  });
}
