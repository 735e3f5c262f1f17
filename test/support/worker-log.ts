import { setTimeout as sleep } from 'node:timers/promises';
import type { LogRecord } from '../../workers/log/log-fields';
import type { Command } from './program';

/** The lines of a log of JSON that have been written to their end. @throws SyntaxError for one that is not JSON */
export function logLines(log: string): LogRecord[] {
  const whole = log.slice(0, log.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogRecord]));
}

/** Waits until a worker takes work; returns the address of its metrics. @throws Error when it ends before */
export async function workerReady(worker: Command): Promise<string> {
  await worker.says('"worker ready"');
  for (;;) {
    const address = metricsAddress(worker.said());
    if (address !== null) return address;
    await sleep(10);
  }
}

/** Where the worker of a log serves its metrics; null before it says so. Of several workers the last. */
export function metricsAddress(log: string): string | null {
  const ready = logLines(log).findLast(({ message }) => message === 'worker ready');
  return ready === undefined ? null : String(ready.metrics);
}
