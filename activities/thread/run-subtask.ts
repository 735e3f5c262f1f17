import type { TaskContext } from '../task-context';
import { runTask } from './run-task';
import type { TaskInput, TaskName, TaskResult } from './tasks';

const POLL_MS = 200;

/**
 * Runs a task in a thread of its own on behalf of another task: reports where that one reports, and stops with it. The
 * thread ends with the task: memory that threads share is collected late, or not in time.
 */
export async function runSubtask<N extends TaskName>(
  name: N,
  input: TaskInput<N>,
  { throwIfCancelled, ...reports }: TaskContext
): Promise<TaskResult<N>> {
  const controller = new AbortController();
  const timer = setInterval(() => {
    try {
      throwIfCancelled();
    } catch {
      controller.abort();
    }
  }, POLL_MS);
  try {
    return await runTask(name, input, { ...reports, signal: controller.signal, endsThread: true });
  } finally {
    clearInterval(timer);
  }
}
