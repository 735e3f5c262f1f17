import type { WorkflowInfo } from '@temporalio/workflow';
import type { WorkflowEnd } from '../../workflows/trace-sinks';
import { subjectOf } from '../workflow-subject';
import type { OpenTracer } from './open-tracer';
import { traceIdOf, workflowSpanId } from './trace-ids';

/** Makes the span of a workflow that has ended, from its start to its end, below that of the workflow that started it. */
export function recordWorkflow(open: OpenTracer, info: WorkflowInfo, { outcome, at, error }: WorkflowEnd): void {
  const { api, tracer } = open;
  const { namespace, workflowId, runId, workflowType, parent } = info;
  const traceId = traceIdOf(namespace, workflowId);
  // A run that a schedule has started is a trace of its own.
  const isPart = parent !== undefined && traceIdOf(namespace, parent.workflowId) === traceId;
  const attributes = {
    ...subjectOf(workflowId),
    ...{ workflow: workflowType, workflow_id: workflowId, workflow_run_id: runId, outcome },
  };
  const above = isPart ? open.below(traceId, workflowSpanId(parent.runId)) : api.ROOT_CONTEXT;
  const span = open.startAs({ traceId, spanId: workflowSpanId(runId) }, () =>
    tracer.startSpan(`RunWorkflow:${workflowType}`, { startTime: info.runStartTime, attributes }, above)
  );
  if (outcome === 'failed') span.setStatus({ code: api.SpanStatusCode.ERROR, message: error ?? '' });
  span.end(at);
}
