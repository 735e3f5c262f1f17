import type { LogRecord } from './log-fields';

const RUN = /^sae-match\/([^/]+)/;
/** A look of a schedule; the server adds when it was started. */
const LOOK = /^sae-match-schedule\/(.+?)(?:-\d{4}-\d\d-\d\dT[\d:]+Z)?$/;

/** The run or schedule that a workflow belongs to, by its id: the workflows of a run begin with its own. */
export function subjectOf(workflowId: string): Pick<LogRecord, 'run_id' | 'schedule'> {
  const run = RUN.exec(workflowId)?.[1];
  if (run !== undefined) return { run_id: run };
  const schedule = LOOK.exec(workflowId)?.[1];
  return schedule === undefined ? {} : { schedule };
}
