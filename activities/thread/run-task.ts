import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CancelledError, SaeMatchError } from '../../matching/errors';
import type { TaskProgress } from '../task-context';
import type { FromThread, ToThread } from './protocol';
import { reviveError } from './thread-errors';
import type { TaskInput, TaskName, TaskResult } from './tasks';

export interface RunTaskOptions {
  readonly onProgress?: (progress: TaskProgress) => void;
  readonly signal?: AbortSignal;
}

/** A task that does not stop by itself is terminated this long after it was asked to. */
const TERMINATE_AFTER_MS = 5000;

/**
 * Runs one heavy task in a thread of its own, so that the event loop stays free for heartbeats. Errors come back with
 * their class; cancelling asks the task to stop between tiles.
 *
 * @throws CancelledError when the signal was aborted
 */
export async function runTask<N extends TaskName>(
  name: N,
  input: TaskInput<N>,
  options: RunTaskOptions = {}
): Promise<TaskResult<N>> {
  if (options.signal?.aborted === true) throw new CancelledError();
  const cancelled = new SharedArrayBuffer(4);
  const workerData: ToThread = { name, input, cancelled };
  const thread = new Worker(threadEntry(), { workerData });
  const stop = (): void => {
    Atomics.store(new Int32Array(cancelled), 0, 1);
    setTimeout(() => void thread.terminate(), TERMINATE_AFTER_MS).unref();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    return (await outcome(thread, options)) as TaskResult<N>;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

function outcome(thread: Worker, { onProgress, signal }: RunTaskOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thread.on('message', (message: FromThread) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'result') resolve(message.value);
      else reject(reviveError(message.error));
    });
    thread.on('error', reject);
    thread.on('exit', (code) => {
      if (signal?.aborted === true) reject(new CancelledError());
      reject(new SaeMatchError('a worker thread ended without a result', { found: `exit code ${code}` }));
    });
  });
}

/** The compiled thread entry; sources that run without a build step use the one of the last build. */
function threadEntry(): string {
  const beside = join(__dirname, 'thread-main.js');
  return existsSync(beside) ? beside : join(__dirname, '../../dist/activities/thread/thread-main.js');
}
