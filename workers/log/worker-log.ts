import { hostname } from 'node:os';
import { DefaultLogger } from '@temporalio/worker';
import type { LogEntry, LogLevel, Logger } from '@temporalio/worker';
import { formatRecord } from './format-record';
import type { LogFormat } from './format-record';
import { toRecord } from './log-record';

export interface WorkerLogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Prefix of the task queues. */
  readonly taskQueue: string;
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
}

/** Identity of this process, under which the Temporal server and every line of its log name it. */
export const workerIdentity = (): string => `${process.pid}@${hostname()}`;

const SAID_BY_OURS = /^(Workflow failed|Activity (started|completed|completed as cancelled|failed))$/;

/** The log of a worker process: of itself, its workflows and activities, and the Temporal SDK. One line an entry. */
export function createWorkerLog({ level, format, taskQueue, write }: WorkerLogOptions): Logger {
  const from = { worker: workerIdentity(), taskQueue };
  const isDetailed = level === 'TRACE' || level === 'DEBUG';
  return new DefaultLogger(level, (entry) => {
    const isNews = !isSaidElsewhere(entry) && (isDetailed || entry.message !== 'Worker state changed');
    if (isNews) write(formatRecord(toRecord(entry, from), format));
  });
}

/**
 * What the SDK says of every attempt of an activity is said by the attempt itself, with what came of it; why workflows fail,
 * by the workflows. And each pool runs workflows or activities and never both, so that its warnings about the other are no news.
 */
function isSaidElsewhere({ message, meta }: LogEntry): boolean {
  if (/^No (activities|workflows|Nexus services) registered/.test(message)) return true;
  const isOfSdk = meta?.sdkComponent === 'worker';
  return isOfSdk && SAID_BY_OURS.test(message);
}
