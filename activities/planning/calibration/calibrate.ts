import { availableParallelism } from 'node:os';
import { chooseDevice } from '../../../kernels/choose-device';
import type { DeviceChoice } from '../../../kernels/choose-device';
import { kindOf } from '../../../kernels/ort-device';
import type { DeviceKind, OrtDevice } from '../../../kernels/ort-device';
import type { TaskContext } from '../../task-context';
import { createTileThreads } from '../../tiles/tile-threads';
import { DEFAULT_RATES } from '../default-rates';
import type { Rates } from '../rates';
import { engineRates, timeEngine } from './measure-engine';
import { INTEGER, measureProducts } from './measure-products';
import type { ProductRates, ProductSizes } from './measure-products';
import { measureStore } from './measure-store';

export interface CalibrationInput {
  readonly device: DeviceChoice;
  /** Folder on the disk that is measured. */
  readonly folder: string;
}

export interface MeasuredRates {
  readonly device: DeviceKind;
  readonly rates: Rates;
  readonly seconds: number;
}

/** Small enough to stay with plain JavaScript. */
const IN_JAVASCRIPT: ProductSizes = { rows: 512, columns: 512, widths: [32, 180] };
const ON_PROCESSOR: ProductSizes = { rows: 2048, columns: 4096, widths: [64, 832] };
const ON_DEVICE: ProductSizes = { rows: 8192, columns: 8192, widths: [64, 4096] };

/**
 * Measures with the engine and the steps of a run, in some seconds, what the time of a run depends on: products of tiles
 * on the device and on the processor, the rest of a match, and hashing, folding, reading and writing on a disk.
 *
 * @throws EnvironmentError when the device does not work here, or the folder cannot be written
 */
export async function calibrateTask(input: CalibrationInput, context: TaskContext): Promise<MeasuredRates> {
  const began = performance.now();
  const device = await chooseDevice(input.device);
  let done = 0;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    context.throwIfCancelled();
    context.onProgress({ phase: 'measuring', done: done++, total: device === 'cpu' ? 5 : 6, gap: null });
    return work();
  };
  const threads = availableParallelism();
  const onProcessor = createTileThreads({ device: 'cpu', threads });
  // First of all: a process that has matched nothing yet is measured.
  const engine = await step(() => timeEngine(onProcessor));
  const javascript = await step(() => measureProducts(IN_JAVASCRIPT, onProcessor, 1));
  const float32 = await step(() => measureProducts(ON_PROCESSOR, onProcessor, threads));
  const inIntegers = createTileThreads({ device: 'cpu', threads, always: INTEGER });
  const integer = await step(() => measureProducts(ON_PROCESSOR, inIntegers, threads));
  const store = await step(() => measureStore(input.folder, engine.many.matching, context));
  const other = device === 'cpu' ? null : await step(() => measureDevice(device));
  return {
    device: kindOf(device),
    rates: {
      engine: engineRates(engine, threads, float32),
      devices: {
        javascript: { float32: javascript.multiplyAdd, integer: null },
        cpu: { float32: float32.multiplyAdd, integer: integer.multiplyAdd },
        ...(other && { [kindOf(device)]: { float32: other.multiplyAdd, integer: null } }),
      },
      store,
      // Known only from whole runs.
      run: DEFAULT_RATES.run,
    },
    seconds: (performance.now() - began) / 1000,
  };
}

function measureDevice(device: OrtDevice): Promise<ProductRates> {
  return measureProducts(ON_DEVICE, createTileThreads({ device, threads: 1 }), 1);
}
