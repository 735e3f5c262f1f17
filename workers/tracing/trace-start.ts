import type { OpenTracer } from './open-tracer';
import { traceIdOf, workflowSpanId } from './trace-ids';
import { traceSettings } from './trace-settings';

/** A workflow that is being started. */
export interface TracedStart {
  readonly namespace: string;
  readonly workflowType: string;
  readonly workflowId: string;
}

/** A command does not wait for longer for a collector. */
const CLOSING_MS = 2000;

/**
 * Starts a workflow, and adds a span about that to the trace of its run where the environment asks for traces.
 *
 * @param start resolves to the handle of the workflow, which knows its execution
 */
export async function traceStart<T extends { readonly firstExecutionRunId: string }>(
  { namespace, workflowType, workflowId }: TracedStart,
  start: () => Promise<T>
): Promise<T> {
  const open = await openIfAsked();
  if (open === null) return start();
  const startTime = Date.now();
  const handle = await start();
  const below = open.below(traceIdOf(namespace, workflowId), workflowSpanId(handle.firstExecutionRunId));
  const attributes = { workflow: workflowType, workflow_id: workflowId, workflow_run_id: handle.firstExecutionRunId };
  const kind = open.api.SpanKind.CLIENT;
  open.tracer.startSpan(`StartWorkflow:${workflowType}`, { startTime, kind, attributes }, below).end();
  await open.close(CLOSING_MS);
  return handle;
}

/** What keeps a command from tracing is left to its worker to tell. */
async function openIfAsked(): Promise<OpenTracer | null> {
  const settings = traceSettings();
  if (settings === null) return null;
  const { openTracer } = await import('./open-tracer.js');
  return openTracer(settings, () => undefined).catch(() => null);
}
