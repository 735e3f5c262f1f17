import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { StoreTraffic } from '../../artifacts/store/metered-store';
import { CancelledError, UnavailableError } from '../../matching/errors';
import type { TaskContext } from '../task-context';
import type { FromThread, ToThread } from './protocol';
import { reviveError } from './thread-errors';
import type { TaskInput, TaskName, TaskResult } from './tasks';

export interface RunTaskOptions extends Partial<Omit<TaskContext, 'throwIfCancelled'>> {
  readonly signal?: AbortSignal;
  /** Told what the task reads from stores and writes to them. */
  readonly onStoreTraffic?: (traffic: StoreTraffic) => void;
  /** Ends the thread with the task, and with it all that it holds; otherwise it waits for the next task. */
  readonly endsThread?: boolean;
}

/** A task that does not stop by itself is terminated this long after it was asked to. */
const TERMINATE_AFTER_MS = 10_000;
/** A thread that nothing was asked of for so long is ended, and gives back its memory. */
const IDLE_MS = 60_000;

/** A thread that holds more than this after a task is ended with it: its garbage would count against the next one. */
const MOST_HELD_BYTES = 256 * 2 ** 20;

/** Threads that wait for a task: code that has run before runs several times faster. */
const idle = new Map<Worker, NodeJS.Timeout>();
/** Threads that died of an error and may not have ended yet, and those that are to end after their task. */
const spent = new WeakSet<Worker>();

/**
 * Runs one heavy task in a thread, so that the event loop stays free for heartbeats. Errors come back with their class;
 * cancelling asks the task to stop between tiles.
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
  const thread = borrowThread();
  let terminator: NodeJS.Timeout | undefined;
  const stop = (): void => {
    Atomics.store(new Int32Array(cancelled), 0, 1);
    terminator = setTimeout(() => void thread.terminate(), TERMINATE_AFTER_MS).unref();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const message: ToThread = { name, input, cancelled };
    thread.postMessage(message);
    return (await outcome(thread, options)) as TaskResult<N>;
  } finally {
    clearTimeout(terminator);
    options.signal?.removeEventListener('abort', stop);
    if (options.endsThread === true) spent.add(thread);
    await returnThread(thread);
  }
}

function outcome(thread: Worker, options: RunTaskOptions): Promise<unknown> {
  const { onProgress, onNote, onFoldedRead, onStoreTraffic, signal } = options;
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromThread): void => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'note') onNote?.(message.text, message.level);
      else if (message.kind === 'foldedRead') onFoldedRead?.(message.read);
      else if (message.kind === 'storeTraffic') onStoreTraffic?.(message.traffic);
      else if (message.kind === 'result') {
        if (message.held > MOST_HELD_BYTES) spent.add(thread);
        settle(resolve, message.value);
      } else settle(reject, reviveError(message.error));
    };
    const onError = (error: unknown): void => {
      settle(reject, error);
    };
    const onExit = (code: number): void => {
      const found = `exit code ${code}`;
      settle(
        reject,
        signal?.aborted === true
          ? new CancelledError()
          : new UnavailableError('a worker thread ended without a result', { found })
      );
    };
    const settle = <T>(how: (value: T) => void, value: T): void => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      how(value);
    };
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

function borrowThread(): Worker {
  // The one used last has most of what a task needs in its caches.
  const [thread, timer] = [...idle].at(-1) ?? [];
  if (thread === undefined) return startThread();
  clearTimeout(timer);
  idle.delete(thread);
  // Only a thread that owes an answer keeps the process alive.
  thread.ref();
  return thread;
}

function startThread(): Worker {
  const thread = new Worker(threadEntry());
  thread.on('exit', () => {
    clearTimeout(idle.get(thread));
    idle.delete(thread);
  });
  thread.on('error', () => {
    spent.add(thread);
  });
  return thread;
}

/** Takes a thread back after its task, however that ended, unless the thread has ended or is about to. */
async function returnThread(thread: Worker): Promise<void> {
  if (thread.threadId < 0) return;
  thread.unref();
  if (spent.has(thread)) {
    await thread.terminate();
    return;
  }
  idle.set(thread, setTimeout(() => void thread.terminate(), IDLE_MS).unref());
}

/** The compiled thread entry; sources that run without a build step use the one of the last build. */
function threadEntry(): string {
  const beside = join(__dirname, 'thread-main.js');
  return existsSync(beside) ? beside : join(__dirname, '../../dist/activities/thread/thread-main.js');
}
