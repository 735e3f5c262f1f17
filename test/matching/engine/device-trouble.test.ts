import { createTileThreads } from '../../../activities/tiles/tile-threads';
import { createReferenceKernel } from '../../../kernels/reference-kernel';
import { createLocalDevice } from '../../../matching/engine/local-tiles';
import { DeviceError } from '../../../matching/errors';
import { matchPair } from '../../../matching/match-pair';
import type { Matching } from '../../../matching/matching';
import type { TileDevice, TileKernel, TilePort, TileProduct } from '../../../matching/ports';
import { featuresFrom, randomNumbers, sideOf } from '../random-features';

const random = randomNumbers(3);
const source = featuresFrom(300, 24, () => random() - 0.5);
const target = featuresFrom(300, 24, () => random() - 0.5);
const sound = createLocalDevice('sound', createReferenceKernel);

/** A device that does what it is told to at its `at`-th tile, counted over all that is opened on it. */
function troubled(name: string, at: number, trouble: (product: TileProduct, rows: number) => void): TileDevice {
  let tiles = 0;
  const createKernel = (): TileKernel => ({
    device: name,
    open: async (problem) => {
      const product = await createReferenceKernel().open(problem);
      return {
        ...{ values: product.values, blockLargest: product.blockLargest, halves: null },
        multiply: async (codes) => {
          await product.multiply(codes);
          if (++tiles >= at) trouble(product, problem.tileRows);
        },
        close: () => {
          product.close();
        },
      };
    },
  });
  const device = createLocalDevice(name, createKernel);
  // Nothing is kept, so that there are tiles in every pass.
  return { ...device, open: (problem) => device.open({ ...problem, storage: 'streamed' }, null) };
}

interface Outcome extends Matching {
  readonly moves: readonly string[];
}

async function match(...devices: TileDevice[]): Promise<Outcome> {
  return matchOn({ devicesFor: () => devices });
}

async function matchOn(tiles: TilePort): Promise<Outcome> {
  const moves: string[] = [];
  const ports = { tiles, onFallback: (from: string, to: string) => moves.push(`${from} -> ${to}`) };
  const options = { availableMemory: 2 ** 30, unmatched: null };
  return { ...(await matchPair(sideOf(source), sideOf(target), options, ports)), moves };
}

async function expectSameTables(outcome: Outcome): Promise<void> {
  const expected = await match(sound);
  expect([...outcome.targetFeature]).toEqual([...expected.targetFeature]);
  expect([...outcome.cost]).toEqual([...expected.cost]);
  expect([...outcome.nearestTarget]).toEqual([...expected.nearestTarget]);
  expect([...outcome.mutualNearest]).toEqual([...expected.mutualNearest]);
}

const outOfMemory = (): never => {
  throw new Error('BFCArena: Failed to allocate memory for requested buffer of size 1073741824');
};
const lost = (): never => {
  throw new Error('CUDA failure 719: unspecified launch failure');
};

// The first tiles belong to the sample and the first pass, later ones to the passes after it.
describe.each([1, 2, 3, 5, 9])('trouble at tile %i', (at) => {
  it('halves the tile where the device is out of memory, until it fits', async () => {
    const device = troubled('small', at, (_, rows) => rows > 32 && outOfMemory());
    const outcome = await match(device, sound);
    expect(outcome.moves).toEqual([
      'small, tiles of 128 rows -> small, tiles of 64 rows',
      'small, tiles of 64 rows -> small, tiles of 32 rows',
    ]);
    expect(outcome).toMatchObject({ device: 'small', fallbacks: 2 });
    await expectSameTables(outcome);
  });

  it('moves to the next device where no tile is small enough', async () => {
    const outcome = await match(troubled('tiny', at, outOfMemory), sound);
    expect(outcome.moves.at(-1)).toBe('tiny, tiles of 16 rows -> sound, tiles of 128 rows');
    expect(outcome).toMatchObject({ device: 'sound', fallbacks: 4 });
    await expectSameTables(outcome);
  });

  it('moves to the next device where one is lost', async () => {
    const outcome = await match(troubled('first', at, lost), troubled('second', at, lost), sound);
    expect(outcome).toMatchObject({ device: 'sound', fallbacks: 2 });
    await expectSameTables(outcome);
  });
});

it('moves to the next device where one computes less exactly than it says', async () => {
  const inexact = troubled('inexact', 2, ({ values }) => {
    for (let n = 0; n < values.length; n++) values[n] = values[n]! * 1.01 + 0.01;
  });
  const broken = troubled('broken', 2, ({ values }) => values.fill(NaN));
  const outcome = await match(inexact, broken, sound);
  expect(outcome).toMatchObject({ device: 'sound', fallbacks: 2 });
  await expectSameTables(outcome);
});

it('reports the trouble of the last device when there is none left', async () => {
  const failure = match(troubled('first', 1, lost), troubled('last', 4, lost));
  await expect(failure).rejects.toThrow(DeviceError);
  await expect(failure).rejects.toThrow(/last: the device failed \(found CUDA failure 719/);
});

it.each(['cuda', 'cuda:7'] as const)(
  'goes on with the processor where the runtime has no device %s',
  async (device) => {
    const always = { kind: 'float32', inputRoundoff: 0 } as const;
    const outcome = await matchOn(createTileThreads({ device, threads: 2, always }));
    // A machine with CUDA has nothing to move away from.
    if (outcome.device !== 'cuda') expect(outcome).toMatchObject({ device: 'cpu', fallbacks: 1 });
    await expectSameTables(outcome);
  }
);
