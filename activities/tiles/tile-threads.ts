import { createReferenceKernel } from '../../kernels/reference-kernel';
import type { OrtDevice } from '../../kernels/probe-devices';
import { CancelledError } from '../../matching/errors';
import { createLocalTiles } from '../../matching/engine/local-tiles';
import { CONTROL } from '../../matching/engine/shared-problem';
import type { SharedProblem, TileArithmetic } from '../../matching/engine/shared-problem';
import type { StepResult, TileStep } from '../../matching/engine/tile-worker';
import type { TilePort, TileWorkers } from '../../matching/ports';
import { borrowThreads, returnThreads } from './thread-pool';
import type { TileThread } from './thread-pool';

export interface TileThreadsOptions {
  readonly device: OrtDevice;
  /** Threads that compute tiles side by side. */
  readonly threads: number;
  /** Throws to stop; asked several times a second. */
  readonly throwIfCancelled: () => void;
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
  const local = createLocalTiles(createReferenceKernel);
  return {
    arithmeticFor: (rows, columns, width) => {
      if (options.always !== undefined) return options.always;
      const integer = options.device === 'cpu' && rows * columns * width >= LARGE && width <= MOST_INTEGER_WIDTH;
      return integer
        ? { kind: 'integer' }
        : { kind: 'float32', inputRoundoff: options.device === 'cuda' ? 2 ** -11 : 0 };
    },
    // Each session holds the model and the packed columns, and while it loads the constant itself.
    workerBytes: ({ codes, tile, storage }) =>
      options.threads * (THREAD_BYTES + 3 * codes + tile * (storage === 'half' ? 6 : 4)),
    open: async (problem, store) => {
      const isSmall = problem.rows * problem.columns * problem.width <= SMALL;
      if (isSmall && options.always === undefined) return local.open(problem, store);
      const threads = borrowThreads(options.threads);
      const workers = new ThreadedTiles(problem, threads, options);
      await workers.all({ kind: 'load', problem, store, device: options.device });
      return workers;
    },
  };
}

class ThreadedTiles implements TileWorkers {
  readonly device: string;

  constructor(
    private readonly problem: SharedProblem,
    private readonly threads: readonly TileThread[],
    private readonly options: TileThreadsOptions
  ) {
    this.device = options.device;
  }

  async run(step: TileStep, onRows?: (done: number) => void): Promise<readonly StepResult[]> {
    const { control } = this.problem;
    Atomics.store(control, CONTROL.next, 0);
    Atomics.store(control, CONTROL.done, 0);
    let cancelled: unknown = null;
    const poll = (): void => {
      try {
        this.options.throwIfCancelled();
        onRows?.(Atomics.load(control, CONTROL.done));
      } catch (error) {
        cancelled ??= error;
        Atomics.store(control, CONTROL.stop, 1);
      }
    };
    poll();
    const timer = setInterval(poll, POLL_MS);
    try {
      const results = await this.all({ kind: 'step', step });
      if (cancelled !== null) throw cancelled instanceof Error ? cancelled : new CancelledError();
      return results;
    } finally {
      clearInterval(timer);
    }
  }

  /** The same message to every thread; a failure is reported once all have answered. */
  async all(message: Parameters<TileThread['ask']>[0]): Promise<StepResult[]> {
    const answers = await Promise.allSettled(this.threads.map((thread) => thread.ask(message)));
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason as Error;
      return answer.value;
    });
  }

  async close(): Promise<void> {
    await returnThreads(this.threads);
  }
}
