/** JSON types of fields. Integers are numbers without a fraction. */
export type FieldType = 'string' | 'integer' | 'number' | 'boolean' | 'string[]' | 'object';

/**
 * Every field that a line of a worker's log may have, in the order in which they are written; docs/logs.md says what they
 * mean, and tests keep the two and what is written in step. What the SDK says beyond them goes into `details`.
 */
export const LOG_FIELDS = {
  time: 'string',
  level: 'string',
  message: 'string',
  component: 'string',
  worker: 'string',
  pool: 'string',
  run_id: 'string',
  schedule: 'string',
  workflow: 'string',
  workflow_id: 'string',
  workflow_run_id: 'string',
  activity: 'string',
  activity_id: 'string',
  attempt: 'integer',
  layer: 'integer',
  source_layer: 'integer',
  target_layer: 'integer',
  device: 'string',
  state: 'string',
  seconds: 'number',
  cached: 'boolean',
  layers: 'integer',
  pairs: 'integer',
  failures: 'integer',
  bytes: 'integer',
  matched: 'integer',
  gap: 'number',
  passes: 'integer',
  fallbacks: 'integer',
  error_type: 'string',
  error: 'string',
  retryable: 'boolean',
  error_stack: 'string',
  version: 'string',
  server: 'string',
  metrics: 'string',
  pools: 'string[]',
  devices: 'string[]',
  match_slots: 'integer',
  memory_budget_bytes: 'integer',
  trace_id: 'string',
  span_id: 'string',
  details: 'object',
} as const satisfies Readonly<Record<string, FieldType>>;

export type LogField = keyof typeof LOG_FIELDS;

/** One line, of which fields that have nothing to say are absent. */
export type LogRecord = Readonly<Partial<Record<LogField, unknown>>>;

export const isLogField = (name: string): name is LogField => Object.hasOwn(LOG_FIELDS, name);
