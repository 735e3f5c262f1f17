import { memoryRange, storageWithin } from '../../matching/engine/plan';
import type { PairSize } from '../../matching/engine/plan';
import type { TileStorage } from '../../matching/engine/shared-problem';
import type { OrtDevice } from '../../kernels/ort-device';
import type { LayerPlan } from '../../workflows/run-types';
import { createTileThreads } from '../tiles/tile-threads';

/** What a plan says of the size of a layer; 0 where it cannot be read. */
export type SizedLayer = Pick<LayerPlan, 'layer' | 'features' | 'elements'>;

export interface SizedPair {
  readonly source: SizedLayer;
  readonly target: SizedLayer;
}

/** What computes matches: one device with its processor, as a worker lends it. */
export interface MatchPlace {
  readonly device: OrtDevice;
  /** Matches at once that share the process. */
  readonly slots: number;
  /** Cores of the machine. */
  readonly cores: number;
  /** Bytes the process may use. */
  readonly memoryBudget: number;
}

/** What the sizes of a pair of layers and the place of its match decide. */
export interface PairWork {
  readonly size: PairSize;
  /** What computes its tiles: pairs of few features stay with plain JavaScript. */
  readonly device: 'javascript' | 'cpu' | 'cuda' | 'webgpu';
  readonly arithmetic: 'float32' | 'integer';
  /** Threads that share its tiles. */
  readonly threads: number;
  /** What is kept of its similarities; null where the match does not fit. */
  readonly storage: TileStorage | null;
  /** Multiply-adds of one product of all pairs of features. */
  readonly multiplyAdds: number;
  /** Bytes of the match with its vectors: in the leanest way, and where all similarities are kept. */
  readonly memory: { readonly least: number; readonly most: number };
  /** Bytes that the process must be given for the leanest way, all its slots being taken by such matches. */
  readonly needed: number;
}

/** Bytes of a process with its code before it loads a layer, assumed low: what is refused for lack of memory must not fit. */
export const PROCESS_BYTES = 96 * 2 ** 20;
/** And those that a worker is assumed to grow to after some pairs, besides what a match asks for. */
const WORKER_BYTES = 256 * 2 ** 20;

/** How a pair is computed at a place; nothing is read or allocated. */
export function workOf({ source, target }: SizedPair, place: MatchPlace): PairWork {
  return pairWork({ rows: source.features, columns: target.features, width: source.elements }, place);
}

/** The same for the sizes of a pair. */
export function pairWork(size: PairSize, place: MatchPlace): PairWork {
  const { rows, columns, width } = size;
  const threads = Math.max(1, Math.floor(place.cores / place.slots));
  const device = createTileThreads({ device: place.device, threads }).devicesFor(rows, columns, width)[0]!;
  const name = device.name as PairWork['device'];
  const { least, most } = memoryRange(size, device);
  const vectors = (rows + columns) * width * Float32Array.BYTES_PER_ELEMENT;
  const available = (process: number): number => (place.memoryBudget - process - vectors) / place.slots;
  const likely = storageWithin(size, device, available(WORKER_BYTES));
  return {
    ...{ size, device: name, arithmetic: device.arithmeticFor(rows, columns, width).kind },
    threads: name === 'cpu' ? threads : 1,
    storage: likely ?? (least <= available(PROCESS_BYTES) ? 'streamed' : null),
    multiplyAdds: rows * columns * width,
    memory: { least: vectors + least, most: vectors + most },
    needed: PROCESS_BYTES + vectors + place.slots * least,
  };
}

/**
 * Slots that a worker has unless told otherwise: one match for each core, but only one at a time for a device that matches
 * would have to share.
 */
export function defaultSlots(devices: readonly OrtDevice[], cores: number): number {
  return devices.length === 1 && devices[0] === 'cpu' ? cores : devices.length;
}
