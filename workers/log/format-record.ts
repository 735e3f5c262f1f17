import type { LogField, LogRecord } from './log-fields';

/** How lines are written: an object of JSON each, or for people. */
export type LogFormat = 'json' | 'text';

/** One line without its end. */
export function formatRecord(record: LogRecord, format: LogFormat): string {
  return format === 'json' ? JSON.stringify(record, plain) : readable(record);
}

/** Of the line itself, or of no use to who watches one process. */
const NOT_LISTED: ReadonlySet<LogField> = new Set([
  ...(['time', 'level', 'message', 'component', 'worker', 'workflow_id', 'workflow_run_id'] as const),
  ...(['activity_id', 'trace_id', 'span_id', 'error_stack'] as const),
]);

/** Time, level and message, then what is known as `name=value`; a stack trace on lines of its own. */
function readable(record: LogRecord): string {
  const fields = (Object.entries(record) as [LogField, unknown][])
    .filter(([name, value]) => !NOT_LISTED.has(name) && !(name === 'attempt' && value === 1))
    .map(([name, value]) => `${name}=${inOneWord(value)}`);
  const start = `${String(record.time)} ${String(record.level).toUpperCase().padEnd(5)} ${String(record.message)}`;
  const stack = typeof record.error_stack === 'string' ? `\n${record.error_stack}` : '';
  return [start, ...fields].join(' ') + stack;
}

function inOneWord(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value, plain);
}

/** What JSON has no form for, among what the SDK says about itself. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? value.message : value;
}
