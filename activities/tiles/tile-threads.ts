import { createReferenceKernel } from '../../kernels/reference-kernel';
import { kindOf } from '../../kernels/ort-device';
import type { OrtDevice } from '../../kernels/ort-device';
import { createLocalDevice } from '../../matching/engine/local-tiles';
import { CONTROL } from '../../matching/engine/shared-problem';
import type { SharedProblem, TileArithmetic } from '../../matching/engine/shared-problem';
import type { StepResult, TileStep } from '../../matching/engine/tile-worker';
import type { StepWatch, TileDevice, TilePort, TileWorkers } from '../../matching/ports';
import { borrowThreads, returnThreads } from './thread-pool';
import type { TileThread } from './thread-pool';

export interface TileThreadsOptions {
  /** The device of onnxruntime to use first; where it fails the processor takes over, and then plain JavaScript. */
  readonly device: OrtDevice;
  /** Threads that compute tiles side by side on the processor; other devices are driven by one. */
  readonly threads: number;
  /** Takes threads for small problems too, and this arithmetic for all. */
  readonly always?: TileArithmetic;
}

/** Multiply-adds below which starting threads and a runtime costs more than it saves. */
const SMALL = 5e7;
/** Multiply-adds from which 8-bit products repay the pairs that their wider bounds leave open. */
const LARGE = 3e10;
/** Elements of a vector for which sums of 8-bit products stay within 32 bits. */
const MOST_INTEGER_WIDTH = 65_000;
/** A thread with its JavaScript heap and the runtime. */
const THREAD_BYTES = 48 * 2 ** 20;
const POLL_MS = 200;

/** Tiles computed by onnxruntime on threads; small problems are computed where they are. */
export function createTileThreads(options: TileThreadsOptions): TilePort {
  const local = createLocalDevice('javascript', createReferenceKernel);
  const first = threadedDevice(options.device, options);
  const others = options.device === 'cpu' ? [] : [threadedDevice('cpu', options)];
  return {
    devicesFor: (rows, columns, width) => {
      const isSmall = rows * columns * width <= SMALL && options.always === undefined;
      return isSmall ? [local] : [first, ...others, local];
    },
  };
}

function threadedDevice(device: OrtDevice, { always, ...options }: TileThreadsOptions): TileDevice {
  const kind = kindOf(device);
  const threads = kind === 'cpu' ? options.threads : 1;
  return {
    // Which one of its kind it is says nothing outside of this machine, and names end up in tables.
    name: kind,
    arithmeticFor: (rows, columns, width) => {
      if (always !== undefined) return always;
      const integer = kind === 'cpu' && rows * columns * width >= LARGE && width <= MOST_INTEGER_WIDTH;
      return integer ? { kind: 'integer' } : { kind: 'float32', inputRoundoff: kind === 'cuda' ? 2 ** -11 : 0 };
    },
    // Each session holds the model and the packed columns, and while it loads the constant itself.
    workerBytes: ({ codes, tile, storage }) =>
      threads * (THREAD_BYTES + 3 * codes + tile * (storage === 'half' ? 6 : 4)),
    open: async (problem, store) => {
      const workers = new ThreadedTiles(problem, borrowThreads(threads));
      try {
        await workers.all({ kind: 'load', problem, store, device });
      } catch (error) {
        await workers.close();
        throw error;
      }
      return workers;
    },
  };
}

class ThreadedTiles implements TileWorkers {
  constructor(
    private readonly problem: SharedProblem,
    private readonly threads: readonly TileThread[]
  ) {}

  async run(step: TileStep, watch: StepWatch): Promise<readonly StepResult[]> {
    const { control } = this.problem;
    const timer = setInterval(() => {
      if (watch(Atomics.load(control, CONTROL.done))) Atomics.store(control, CONTROL.pause, 1);
    }, POLL_MS);
    try {
      return await this.all({ kind: 'step', step });
    } finally {
      clearInterval(timer);
    }
  }

  /** The same message to every thread; a failure pauses the others and is reported once all have answered. */
  async all(message: Parameters<TileThread['ask']>[0]): Promise<StepResult[]> {
    const answers = await Promise.allSettled(
      this.threads.map((thread) =>
        thread.ask(message).catch((error: unknown) => {
          Atomics.store(this.problem.control, CONTROL.pause, 1);
          throw error;
        })
      )
    );
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason as Error;
      return answer.value;
    });
  }

  async close(): Promise<void> {
    await returnThreads(this.threads);
  }
}
