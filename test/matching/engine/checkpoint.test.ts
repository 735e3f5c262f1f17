import { createTileThreads } from '../../../activities/tiles/tile-threads';
import { createReferenceKernel } from '../../../kernels/reference-kernel';
import { decodeCheckpoint } from '../../../matching/engine/checkpoint';
import { createLocalDevice } from '../../../matching/engine/local-tiles';
import { CancelledError } from '../../../matching/errors';
import { matchPair } from '../../../matching/match-pair';
import type { Matching } from '../../../matching/matching';
import type { CheckpointPort, MatchPorts, TilePort } from '../../../matching/ports';
import { sideOf } from '../random-features';
import { hardInputs } from './hard-inputs';

const availableMemory = 2 ** 30;
const inputs = hardInputs(300, 12).filter(({ name }) => /much noise|exact duplicates/.test(name));
const ways: readonly (readonly [string, TilePort])[] = [
  ['plain JavaScript', { devicesFor: () => [createLocalDevice('javascript', createReferenceKernel)] }],
  ['two threads', createTileThreads({ device: 'cpu', threads: 2, always: { kind: 'float32', inputRoundoff: 0 } })],
];

/** Keeps the last state in memory, and wants one at every opportunity. */
class MemoryCheckpoint implements CheckpointPort {
  saved: Buffer | null = null;

  load(): Promise<Uint8Array | null> {
    return Promise.resolve(this.saved);
  }

  isDue(): boolean {
    return true;
  }

  save(chunks: readonly Uint8Array[]): Promise<void> {
    this.saved = Buffer.concat(chunks);
    return Promise.resolve();
  }
}

const tablesOf = ({ targetFeature, nearestTarget, mutualNearest, cost, objective }: Matching): object => ({
  target: [...targetFeature],
  nearest: [...nearestTarget],
  mutual: [...mutualNearest],
  cost: [...cost],
  objective,
});

it('covers several kinds of input', () => {
  expect(inputs).toHaveLength(2);
});

describe.each(ways)('on %s', (_, tiles) => {
  describe.each(inputs)('$name', ({ source, target }) => {
    const match = (ports: Partial<MatchPorts>): Promise<Matching> =>
      matchPair(sideOf(source), sideOf(target), { availableMemory, unmatched: null }, { tiles, ...ports });

    it('gives the same result when it is stopped again and again and goes on from its checkpoint', async () => {
      const expected = await match({});
      const checkpoint = new MemoryCheckpoint();
      let attempts = 0;
      for (let result: Matching | null = null, patience = 1; result === null; attempts++) {
        const before = checkpoint.saved;
        let questions = patience;
        const throwIfCancelled = (): void => {
          if (--questions < 0) throw new CancelledError();
        };
        try {
          result = await match({ checkpoint, throwIfCancelled });
          expect(tablesOf(result)).toEqual(tablesOf(expected));
        } catch (error) {
          if (!(error instanceof CancelledError)) throw error;
          // An attempt that came no further than the one before is followed by a longer one.
          if (before !== null && checkpoint.saved?.equals(before) !== false) patience += 1;
          if (checkpoint.saved === null) patience += 1;
        }
      }
      expect(attempts).toBeGreaterThan(2);
    });

    it('gives the same result when a state on the way is taken up by a new process', async () => {
      const expected = tablesOf(await match({}));
      const states: Buffer[] = [];
      const recorder = new MemoryCheckpoint();
      await match({
        checkpoint: {
          load: () => Promise.resolve(null),
          isDue: () => true,
          save: async (chunks) => {
            await recorder.save(chunks);
            states.push(recorder.saved!);
          },
        },
      });
      expect(states.length).toBeGreaterThan(3);
      const every = Math.ceil(states.length / 6);
      for (const state of states.filter((_state, n) => n % every === 0)) {
        const checkpoint = new MemoryCheckpoint();
        checkpoint.saved = state;
        expect(tablesOf(await match({ checkpoint }))).toEqual(expected);
      }
    });
  });
});

it('takes a checkpoint of another problem, of another version, or of half its length for none', async () => {
  const checkpoint = new MemoryCheckpoint();
  const { source, target } = inputs[0]!;
  const ports = { tiles: ways[0]![1], checkpoint };
  await matchPair(sideOf(source), sideOf(target), { availableMemory, unmatched: null }, ports);
  const bytes = checkpoint.saved!;
  const shape = { rows: source.count, columns: target.count };
  expect(decodeCheckpoint(bytes, shape)).not.toBeNull();
  expect(decodeCheckpoint(bytes, { ...shape, rows: 3 })).toBeNull();
  expect(decodeCheckpoint(bytes.subarray(0, bytes.length >> 1), shape)).toBeNull();
  expect(decodeCheckpoint(new Uint8Array(2), shape)).toBeNull();
  const other = Buffer.from(
    Buffer.from(bytes)
      .toString('latin1')
      .replace(/"version":\d+/, '"version":0'),
    'latin1'
  );
  expect(decodeCheckpoint(other, shape)).toBeNull();
});
