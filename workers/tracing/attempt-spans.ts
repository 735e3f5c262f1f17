import type { Info } from '@temporalio/activity';
import type { Span } from '@opentelemetry/api';
import type { AttemptObserver } from '../../activities/ports';
import type { TaskProgress } from '../../activities/task-context';
import { subjectOf } from '../workflow-subject';
import type { OpenTracer } from './open-tracer';
import { traceIdOf, workflowSpanId } from './trace-ids';

/**
 * Starts the span of an attempt of an activity, below that of its workflow; below it are those of its phases: reading,
 * folding, each pass over the similarities, writing. Null for an activity that belongs to no workflow.
 */
export function startAttemptSpan(open: OpenTracer, info: Info): AttemptObserver | null {
  const { api, tracer } = open;
  if (info.workflowExecution === undefined) return null;
  const { workflowId, runId } = info.workflowExecution;
  const parent = open.below(traceIdOf(info.namespace, workflowId), workflowSpanId(runId));
  const attributes = {
    ...subjectOf(workflowId),
    ...{ workflow: info.workflowType, workflow_id: workflowId, workflow_run_id: runId },
    ...{ activity: info.activityType, activity_id: info.activityId, attempt: info.attempt },
    // Of this attempt: the time since the one before failed counts as waiting.
    waited_seconds: Math.max(0, (Date.now() - info.currentAttemptScheduledTimestampMs) / 1000),
  };
  const now = clockOfAttempt();
  const span = tracer.startSpan(`RunActivity:${info.activityType}`, { startTime: now(), attributes }, parent);
  const { traceId, spanId } = span.spanContext();
  const phases = new PhaseSpans(open, span, now);
  return {
    ...(span.isRecording() && { facts: { trace_id: traceId, span_id: spanId } }),
    progressed: (progress) => {
      phases.at(progress);
    },
    ended: ({ outcome, facts, failure }) => {
      phases.end();
      span.setAttributes({ ...facts, outcome });
      if (failure !== null) {
        span.setAttribute('error_type', failure.errorClass);
        span.setStatus({ code: api.SpanStatusCode.ERROR, message: failure.message });
      }
      span.end(now());
    },
  };
}

/** Milliseconds since the epoch, with a fraction: one clock for an attempt and its phases, so that one follows the other. */
function clockOfAttempt(): () => number {
  const origin = Date.now() - performance.now();
  return () => origin + performance.now();
}

/** A span from the first report of a phase to that of the next. */
class PhaseSpans {
  private current: { readonly phase: TaskProgress['phase']; readonly span: Span } | null = null;

  constructor(
    private readonly open: OpenTracer,
    private readonly attempt: Span,
    private readonly now: () => number
  ) {}

  at({ phase, gap }: TaskProgress): void {
    if (this.current?.phase !== phase) {
      this.end();
      const { api, tracer } = this.open;
      const below = api.trace.setSpan(api.ROOT_CONTEXT, this.attempt);
      this.current = { phase, span: tracer.startSpan(phase, { startTime: this.now() }, below) };
    }
    if (gap !== null) this.current.span.setAttribute('gap', gap);
  }

  end(): void {
    this.current?.span.end(this.now());
    this.current = null;
  }
}
