import { DeviceError } from '../errors';
import type { TileKernel, TileProduct } from '../ports';
import { gatherVector } from './encode';
import type { SharedProblem } from './shared-problem';

/** Elements of each tile that are checked. */
const SAMPLES = 2;
const GOLDEN = 0.6180339887498949;

/** Runs work of a kernel; whatever it throws becomes a DeviceError. */
export async function onDevice<T>({ device }: TileKernel, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeviceError) throw error;
    const found = error instanceof Error ? error.message : String(error);
    throw isMemory(found)
      ? new DeviceError('out of memory', { field: device, found, cause: error }, 'memory')
      : new DeviceError('the device failed', { field: device, found, cause: error }, 'lost');
  }
}

/** What runtimes and drivers say when they are out of memory. */
function isMemory(message: string): boolean {
  return /out of memory|bad_alloc|failed to allocate|allocation failed|available memory|OOM\b/i.test(message);
}

/**
 * Compares a few elements of a fresh tile with float64, at places that change from tile to tile: a device that leaves
 * its stated bound would make the proof worthless.
 *
 * @throws DeviceError
 */
export function checkProduct(
  problem: SharedProblem,
  { values }: TileProduct,
  first: number,
  count: number,
  device: string
): void {
  const { rowFeatures, columnFeatures, order, columns, paddedColumns } = problem;
  const a = new Float64Array(problem.width);
  const b = new Float64Array(problem.width);
  for (let n = 1; n <= SAMPLES; n++) {
    const r = Math.floor(fraction(GOLDEN * (first + n)) * count);
    const i = first + r;
    const p = Math.floor(fraction(GOLDEN * GOLDEN * (first + 7 * n)) * columns);
    gatherVector(rowFeatures, i, a);
    gatherVector(columnFeatures, order[p]!, b);
    const exact = a.reduce((sum, x, k) => sum + x * b[k]!, 0);
    const value = problem.rowScale[i]! * values[r * paddedColumns + p]!;
    const norms = Math.sqrt(problem.rowSquared[i]! * problem.columnSquared[order[p]!]!);
    const bound =
      problem.rowErrorP[i]! * problem.columnErrorX[p]! +
      problem.rowErrorQ[i]! * problem.columnErrorY[p]! +
      1e-12 * norms;
    if (Math.abs(value - exact) <= bound) continue;
    const facts = {
      field: device,
      found: `${value} for the product of row ${i} and column ${order[p]!}`,
      expected: `${exact} within ${bound}`,
      remedy: 'Choose another device with --device.',
    };
    throw new DeviceError('the device computes less exactly than it must', facts, 'wrong');
  }
}

const fraction = (x: number): number => x - Math.floor(x);
