import type { TileKernel, TilePort, TileWorkers } from '../ports';
import { CONTROL } from './shared-problem';
import type { TileArithmetic } from './shared-problem';
import { TileWorker } from './tile-worker';

const FLOAT32: TileArithmetic = { kind: 'float32', inputRoundoff: 0 };

/** Tiles computed by one worker in the caller's own thread: for small problems, and for tests. */
export function createLocalTiles(createKernel: () => TileKernel): TilePort {
  return {
    arithmeticFor: () => FLOAT32,
    workerBytes: ({ tile }) => tile * 4,
    open: (problem, store): Promise<TileWorkers> => {
      const kernel = createKernel();
      let onRows: (done: number) => void = () => undefined;
      const worker = new TileWorker(problem, store, kernel, (done) => {
        onRows(done);
      });
      return Promise.resolve({
        device: kernel.device,
        run: async (step, told) => {
          onRows = told ?? (() => undefined);
          problem.control[CONTROL.next] = 0;
          problem.control[CONTROL.done] = 0;
          return [await worker.run(step)];
        },
        close: () => {
          worker.close();
          return Promise.resolve();
        },
      });
    },
  };
}
