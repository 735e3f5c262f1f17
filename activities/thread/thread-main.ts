import { parentPort } from 'node:worker_threads';
import { onStoreTraffic } from '../../artifacts/store/metered-store';
import { CancelledError } from '../../matching/errors';
import { onFirstRetry } from '../../transport/patience';
import type { TaskContext } from '../task-context';
import { TASKS } from './tasks';
import type { TaskName } from './tasks';
import type { FromThread, ToThread } from './protocol';
import { describeError } from './thread-errors';
import { TrafficSums } from './traffic-sums';

/** Entry of the worker threads that carry out heavy tasks, one at a time. */
async function carryOut({ name, input, cancelled }: ToThread): Promise<void> {
  const flag = new Int32Array(cancelled);
  const context: TaskContext = {
    onProgress: (progress) => {
      post({ kind: 'progress', progress });
    },
    onNote: (text, level) => {
      post({ kind: 'note', text, level });
    },
    onFoldedRead: (read) => {
      post({ kind: 'foldedRead', read });
    },
    throwIfCancelled: () => {
      if (Atomics.load(flag, 0) === 1) throw new CancelledError();
    },
  };
  const endNotes = onFirstRetry(context.onNote);
  const traffic = new TrafficSums((sum) => {
    post({ kind: 'storeTraffic', traffic: sum });
  });
  const endTraffic = onStoreTraffic((one) => {
    traffic.add(one);
  });
  try {
    const task = TASKS[name as TaskName] as (input: unknown, context: TaskContext) => Promise<unknown>;
    const value = await task(input, context);
    traffic.tell();
    post({ kind: 'result', value, held: process.memoryUsage().arrayBuffers });
  } catch (error) {
    traffic.tell();
    post({ kind: 'error', error: describeError(error) });
  } finally {
    endNotes();
    endTraffic();
  }
}

function post(message: FromThread): void {
  parentPort!.postMessage(message);
}

parentPort!.on('message', (message: ToThread) => void carryOut(message));
