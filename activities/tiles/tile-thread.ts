import { parentPort } from 'node:worker_threads';
import { createOrtTileKernel } from '../../kernels/ort/tile-kernel';
import { TileWorker } from '../../matching/engine/tile-worker';
import type { StepResult } from '../../matching/engine/tile-worker';
import { collectGarbage } from '../thread/collect-garbage';
import { describeError } from '../thread/thread-errors';
import type { FromTileThread, ToTileThread } from './tile-protocol';

/** Problems that may leave behind what onnxruntime allocated, some megabytes each. */
const COLLECTED_EVERY = 2;

let worker: TileWorker | null = null;
let unloaded = 0;

/** Entry of the threads that compute and scan tiles. onnxruntime blocks its thread, so it lives here. */
async function answer(message: ToTileThread): Promise<StepResult> {
  switch (message.kind) {
    case 'load':
      worker?.close();
      worker = new TileWorker(message.problem, message.store, createOrtTileKernel(message.device));
      return {};
    case 'step':
      return worker!.run(message.step);
    case 'unload':
      worker?.close();
      worker = null;
      unloaded += 1;
      if (unloaded % COLLECTED_EVERY === 0) collectGarbage();
      return {};
  }
}

function post(message: FromTileThread): void {
  parentPort!.postMessage(message);
}

parentPort!.on('message', (message: ToTileThread) => {
  answer(message).then(
    (result) => {
      post({ kind: 'result', result });
    },
    (error: unknown) => {
      post({ kind: 'error', error: describeError(error) });
    }
  );
});
