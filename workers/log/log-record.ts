import type { LogEntry } from '@temporalio/worker';
import { LOG_FIELDS, isLogField } from './log-fields';
import type { LogField, LogRecord } from './log-fields';
import { describeLogged } from './logged-error';
import { subjectOf } from '../workflow-subject';

/** What is the same on every line of a process. */
export interface LogProcess {
  /** Identity of the process, as the Temporal server knows it: `pid@host`. */
  readonly worker: string;
  /** Prefix of the task queues. */
  readonly taskQueue: string;
}

/** What the SDK calls a field of ours. */
const SDK_NAMES: Readonly<Record<string, LogField>> = {
  sdkComponent: 'component',
  workflowType: 'workflow',
  workflowId: 'workflow_id',
  workflowRunId: 'workflow_run_id',
  // Of workflows; activities have the one above.
  runId: 'workflow_run_id',
  activityType: 'activity',
  activityId: 'activity_id',
};
/** What the SDK says that no reader of a log needs, or that another field says. */
const LEFT_OUT = new Set(['namespace', 'taskQueue', 'taskToken', 'isLocal', 'durationMs', 'error', 'options']);

/** A line of the log for what the SDK, an activity or a workflow says: under names of ours, with the run it belongs to. */
export function toRecord({ level, message, timestampNanos, meta = {} }: LogEntry, from: LogProcess): LogRecord {
  const known: Partial<Record<LogField, unknown>> = {};
  const details: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(meta)) {
    if (value === undefined || value === null || LEFT_OUT.has(name)) continue;
    const field = fieldOf(name, meta.sdkComponent === 'core');
    if (field !== null) known[field] = value;
    else details[name] = value;
  }
  return inOrder({
    component: 'worker',
    ...(typeof known.workflow_id === 'string' && subjectOf(known.workflow_id)),
    ...known,
    time: new Date(Number(timestampNanos / 1_000_000n)).toISOString(),
    level: level.toLowerCase(),
    message,
    worker: from.worker,
    ...poolOf(meta.taskQueue, from.taskQueue),
    ...secondsOf(meta),
    ...(meta.error !== undefined && describeLogged(meta.error)),
    ...(Object.keys(details).length > 0 && { details }),
  });
}

/** The core of the SDK has fields of its own, some of the same name as ours. */
function fieldOf(name: string, isOfCore: boolean): LogField | null {
  const field = Object.hasOwn(SDK_NAMES, name) ? SDK_NAMES[name]! : null;
  return field ?? (isLogField(name) && !isOfCore ? name : null);
}

function inOrder(record: LogRecord): LogRecord {
  const names = Object.keys(LOG_FIELDS) as LogField[];
  return Object.fromEntries(names.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])));
}

/** To the millisecond, by whatever name. */
function secondsOf({ seconds, durationMs }: NonNullable<LogEntry['meta']>): Pick<LogRecord, 'seconds'> {
  if (typeof durationMs === 'number') return { seconds: durationMs / 1000 };
  return typeof seconds === 'number' ? { seconds: Math.round(seconds * 1000) / 1000 } : {};
}

/** Each pool but that of workflows has a queue of its own, named after it. */
function poolOf(queue: unknown, prefix: string): Pick<LogRecord, 'pool'> {
  if (typeof queue !== 'string') return {};
  if (queue === prefix) return { pool: 'workflow' };
  return queue.startsWith(`${prefix}-`) ? { pool: queue.slice(prefix.length + 1) } : {};
}
