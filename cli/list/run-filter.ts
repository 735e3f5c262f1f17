import { UsageError } from '../../matching/errors';
import type { RunState } from '../../workflows/run-types';
import { runWorkflowId } from '../../workflows/run-workflow';
import { parseDuration } from '../spec/parse-duration';

/** Which runs are wanted. */
export interface RunFilter {
  /** Beginning of the run ids; empty for all. */
  readonly prefix: string;
  /** Null for all. */
  readonly states: ReadonlySet<RunState> | null;
  /** Part of the sources; empty for all. */
  readonly source: string;
  /** Runs that started earlier are not wanted; null for all. */
  readonly since: Date | null;
  /** Of these, at most so many of the latest. */
  readonly limit: number;
}

export interface FilterFlags {
  readonly state?: string;
  readonly source?: string;
  readonly since?: string;
  readonly limit?: string;
}

const STATES: readonly RunState[] = ['running', 'done', 'partial', 'failed', 'cancelled'];

/** @throws UsageError */
export function parseFilter(prefix: string, { state, source = '', since, limit }: FilterFlags, now: Date): RunFilter {
  if (!/^[\w.-]*$/.test(prefix)) {
    throw new UsageError('not the beginning of a run id', {
      ...{ field: 'prefix', found: prefix, expected: 'letters, digits, dots, dashes and underscores' },
    });
  }
  return {
    ...{ prefix, source },
    states: state === undefined ? null : new Set(state.split(',').map(parseState)),
    since: since === undefined ? null : parseSince(since, now),
    limit: limit === undefined ? Infinity : parseLimit(limit),
  };
}

/**
 * What of a filter the server can decide, in the language of its lists. Of states that is only whether a run is running: of
 * a run that was resumed it has several executions, and which is the latest it cannot tell when some are left out.
 */
export function visibilityQuery({ prefix, states, since }: RunFilter): string {
  const onlyRunning = states?.size === 1 && states.has('running');
  return [
    "WorkflowType = 'modelMatch'",
    ...(prefix === '' ? [] : [`WorkflowId STARTS_WITH '${runWorkflowId(prefix)}'`]),
    ...(since === null ? [] : [`StartTime >= '${since.toISOString()}'`]),
    ...(onlyRunning ? ["ExecutionStatus = 'Running'"] : []),
  ].join(' AND ');
}

/** Whether a run is wanted. */
export function isWanted(
  { prefix, states, source, since }: RunFilter,
  run: { readonly run_id: string; readonly state: RunState; readonly started: string; readonly source: string | null }
): boolean {
  return (
    run.run_id.startsWith(prefix) &&
    (states === null || states.has(run.state)) &&
    (source === '' || (run.source ?? '').includes(source)) &&
    (since === null || new Date(run.started) >= since)
  );
}

function parseState(text: string): RunState {
  const state = STATES.find((candidate) => candidate === text.trim());
  if (state !== undefined) return state;
  throw new UsageError('no state of a run', { field: '--state', found: text, expected: STATES.join(', ') });
}

/** A time, or how long ago. */
function parseSince(text: string, now: Date): Date {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return new Date(now.getTime() - 1000 * parseDuration(text, '--since'));
  // Without a time zone a time is meant as lists show it.
  const date = new Date(/[zZ]$|[+-]\d\d:?\d\d$|^.{10}$/.test(text) ? text : `${text}Z`);
  if (!Number.isNaN(date.getTime())) return date;
  throw new UsageError('cannot be understood as a time', {
    ...{
      field: '--since',
      found: text,
      expected: 'a duration such as 7d, or a time such as 2026-03-31 or 2026-03-31T18:00',
    },
  });
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError('not a usable number', {
    field: '--limit',
    found: text,
    expected: 'a whole number of at least 1',
  });
}
