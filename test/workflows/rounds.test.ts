import fc from 'fast-check';
import { inRounds, oneByOne } from '../../workflows/rounds';

/** Items by the number of attempts each needs; what happened is written into `log`. */
function model(needed: readonly number[], limit: number, rounds: number) {
  const attempts = needed.map(() => 0);
  const log: { round: number; item: number }[] = [];
  let round = 0;
  let atOnce = 0;
  let most = 0;
  const result = inRounds({
    items: needed.map((_, item) => item),
    attempt: oneByOne(limit, async (item) => {
      most = Math.max(most, ++atOnce);
      await Promise.resolve();
      atOnce -= 1;
      log.push({ round, item });
      return ++attempts[item]! >= needed[item]!;
    }),
    pause: (next) => {
      round = next;
      return Promise.resolve(next <= rounds);
    },
  });
  return { result, attempts, log, most: () => most };
}

describe('items in rounds', () => {
  it('are all tried once before any is tried again, and none again that is settled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (needed, limit) => {
          const { result, attempts, log, most } = model(needed, limit, 1000);
          expect(await result).toEqual([]);
          expect(attempts).toEqual(needed);
          expect(log.slice(0, needed.length).map(({ item }) => item)).toEqual(needed.map((_, item) => item));
          expect(log.slice(needed.length).every(({ round }) => round > 0)).toBe(true);
          expect(most()).toBeLessThanOrEqual(limit);
        }
      )
    );
  });

  it('that cannot be settled are returned when there is no time left', async () => {
    const { result, attempts } = model([1, Infinity, 1, Infinity], 2, 5);
    expect([...(await result)].sort()).toEqual([1, 3]);
    expect(attempts).toEqual([1, 6, 1, 6]);
  });

  it('are asked for by a few at a time while everything fails, and each gets its turn', async () => {
    const { log, result } = model(
      Array.from({ length: 100 }, () => Infinity),
      64,
      25
    );
    expect(await result).toHaveLength(100);
    for (let round = 1; round <= 25; round++) expect(log.filter((entry) => entry.round === round)).toHaveLength(4);
    expect(new Set(log.slice(100).map(({ item }) => item)).size).toBe(100);
  });

  it('go on together as soon as one can be settled again', async () => {
    const { log, result } = model(
      Array.from({ length: 50 }, () => 2),
      64,
      25
    );
    expect(await result).toEqual([]);
    expect(log.filter(({ round }) => round === 1)).toHaveLength(50);
  });
});
