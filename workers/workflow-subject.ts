const RUN = /^sae-match\/([^/]+)/;
/** A look of a schedule; the server adds when it was started. */
const LOOK = /^sae-match-schedule\/(.+?)(?:-\d{4}-\d\d-\d\dT[\d:]+Z)?$/;

/** What a workflow is for. */
export interface WorkflowSubject {
  readonly run_id?: string;
  /** Name of the schedule whose look at its checkpoints it is. */
  readonly schedule?: string;
}

/** The run or schedule that a workflow belongs to, by its id: the ids of a run's workflows begin with that of the run. */
export function subjectOf(workflowId: string): WorkflowSubject {
  const run = RUN.exec(workflowId)?.[1];
  if (run !== undefined) return { run_id: run };
  const schedule = LOOK.exec(workflowId)?.[1];
  return schedule === undefined ? {} : { schedule };
}
