import { parentPort } from 'node:worker_threads';
import { doRowJob } from './row-jobs';
import type { RowJob } from './row-jobs';

/** Entry of the threads that help with rows: each job is answered once, in order. */
parentPort!.on('message', (job: RowJob) => {
  parentPort!.postMessage(doRowJob(job));
});
