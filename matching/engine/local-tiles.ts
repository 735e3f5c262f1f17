import type { TileDevice, TileKernel, TileWorkers } from '../ports';
import { CONTROL } from './shared-problem';
import type { TileArithmetic } from './shared-problem';
import { TileWorker } from './tile-worker';

const FLOAT32: TileArithmetic = { kind: 'float32', inputRoundoff: 0 };

/** Tiles computed by one worker in the caller's own thread: for small problems, and for tests. */
export function createLocalDevice(name: string, createKernel: () => TileKernel): TileDevice {
  return {
    name,
    arithmeticFor: () => FLOAT32,
    workerBytes: ({ tile }) => tile * 4,
    open: (problem, store): Promise<TileWorkers> => {
      let onTile: (rows: number) => void = () => undefined;
      const worker = new TileWorker(problem, store, createKernel(), (rows) => {
        onTile(rows);
      });
      return Promise.resolve({
        run: async (step, watch) => {
          onTile = (rows) => {
            if (watch(rows)) problem.control[CONTROL.pause] = 1;
          };
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
