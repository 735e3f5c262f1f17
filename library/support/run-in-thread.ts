import { runTask } from '../../activities/thread/run-task';
import type { TaskInput, TaskName, TaskResult } from '../../activities/thread/tasks';
import type { TaskOptions } from '../task-options';

/** Runs a task in a thread, for a caller's options. @throws CancelledError when the signal was aborted */
export function runInThread<N extends TaskName>(
  name: N,
  input: TaskInput<N>,
  { signal, onProgress, onNote }: TaskOptions
): Promise<TaskResult<N>> {
  return runTask(name, input, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(onNote && { onNote }),
  });
}
