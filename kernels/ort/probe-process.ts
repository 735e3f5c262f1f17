import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ProbeVerdict } from './run-probe';

/**
 * Entry of the process that probes one device, named by its argument. The runtime lives in a thread, as it does in a
 * worker, so that this event loop stays free to notice that the parent is gone.
 */
function main(device: string): void {
  process.once('disconnect', () => {
    // An orderly exit would wait for a thread that hangs in native code.
    process.kill(process.pid, 'SIGKILL');
  });
  const thread = new Worker(join(__dirname, 'probe-thread.js'), { workerData: device });
  thread.once('message', answer);
  thread.once('error', ({ message }) => {
    answer({ works: false, detail: message });
  });
}

function answer(verdict: ProbeVerdict): void {
  process.send!(verdict);
}

main(process.argv[2]!);
