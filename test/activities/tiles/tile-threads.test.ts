import { createTileThreads } from '../../../activities/tiles/tile-threads';
import type { OrtDevice } from '../../../kernels/ort-device';
import type { TileDevice } from '../../../matching/ports';

const devicesOf = (device: OrtDevice): readonly TileDevice[] =>
  createTileThreads({ device, threads: 2 }).devicesFor(1000, 1000, 1000);

it('names the kind of the device, not which one it is, and has the processor and plain JavaScript take over', () => {
  expect(devicesOf('cuda:3').map(({ name }) => name)).toEqual(['cuda', 'cpu', 'javascript']);
  expect(devicesOf('cpu').map(({ name }) => name)).toEqual(['cpu', 'javascript']);
});

it('takes the arithmetic of every CUDA device for TF32, also for large pairs', () => {
  for (const device of ['cuda', 'cuda:3'] as const) {
    expect(devicesOf(device)[0]!.arithmeticFor(1e5, 1e5, 1000)).toEqual({ kind: 'float32', inputRoundoff: 2 ** -11 });
  }
  expect(devicesOf('cpu')[0]!.arithmeticFor(1e5, 1e5, 1000)).toEqual({ kind: 'integer' });
});
