import type { RunExecution, RunRequest } from '../workflows/run-types';
import type { Session } from './session';
import type { ResolvedRun } from './spec/resolve-spec';

/** What the server is asked to carry out for a run. */
export function requestFor(run: ResolvedRun, session: Session): RunRequest {
  return { runId: run.runId, spec: run.spec, execution: executionFor(run, session) };
}

type ExecutionChoice = Pick<ResolvedRun, 'memoryBudget' | 'deadlineSeconds' | 'notify' | 'parallel'>;

/** How a run is carried out by the server of a session. */
export function executionFor(
  { memoryBudget, deadlineSeconds, notify, parallel }: ExecutionChoice,
  { taskQueue, embedded }: Pick<Session, 'taskQueue' | 'embedded'>
): RunExecution {
  return {
    memoryBudget,
    // On one machine a lost worker is noticed at once; over a network a pause is no loss.
    heartbeatSeconds: embedded ? 6 : 30,
    firstPauseSeconds: embedded ? 10 : 60,
    ...(deadlineSeconds !== null && { deadlineSeconds }),
    ...(notify !== undefined && { notify }),
    taskQueue,
    maxConcurrentPairs: parallel,
  };
}
