import { parentPort, workerData } from 'node:worker_threads';
import { CancelledError } from '../../matching/errors';
import type { TaskContext } from '../task-context';
import { TASKS } from './tasks';
import type { TaskName } from './tasks';
import { ERROR_CLASSES } from './protocol';
import type { FromThread, ToThread } from './protocol';

/** Entry of the worker threads that carry out heavy tasks: one task a thread, then the thread ends. */
async function main(): Promise<void> {
  const { name, input, cancelled } = workerData as ToThread;
  const flag = new Int32Array(cancelled);
  const context: TaskContext = {
    onProgress: (progress) => {
      post({ kind: 'progress', progress });
    },
    throwIfCancelled: () => {
      if (Atomics.load(flag, 0) === 1) throw new CancelledError();
    },
  };
  try {
    const task = TASKS[name as TaskName] as (input: unknown, context: TaskContext) => Promise<unknown>;
    post({ kind: 'result', value: await task(input, context) });
  } catch (error) {
    post({ kind: 'error', error: describe(error) });
  }
}

function post(message: FromThread): void {
  parentPort!.postMessage(message);
}

/** Errors lose their class between threads, so that its name travels as a field. */
function describe(error: unknown): Extract<FromThread, { kind: 'error' }>['error'] {
  const known = [CancelledError, ...ERROR_CLASSES].find((candidate) => error instanceof candidate);
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
    return { type: known?.name ?? error.name, message: error.message, stack: error.stack ?? '', code };
  }
  return { type: 'Error', message: String(error), stack: '', code: null };
}

void main();
