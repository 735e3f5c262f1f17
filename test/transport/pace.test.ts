import fc from 'fast-check';
import { RequestPace } from '../../transport/pace';
import type { Clock } from '../../transport/pace';

const never = new AbortController().signal;

/** A clock that goes on only while all wait: sleepers wake in the order of their times. */
function virtualClock(): Clock & { run(): Promise<void> } {
  let now = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms) => new Promise((wake) => sleepers.push({ at: now + ms, wake })),
    run: async () => {
      for (;;) {
        // What was woken goes on before anybody else is.
        await new Promise((done) => setImmediate(done));
        sleepers.sort((a, b) => a.at - b.at);
        const first = sleepers.shift();
        if (first === undefined) return;
        now = Math.max(now, first.at);
        first.wake();
      }
    },
  };
}

async function startsOf(pace: RequestPace, clock: ReturnType<typeof virtualClock>, count: number): Promise<number[]> {
  const starts: number[] = [];
  const all = Array.from({ length: count }, async () => {
    await pace.turn(never);
    starts.push(clock.now());
  });
  await clock.run();
  await Promise.all(all);
  return starts;
}

describe('a pace of requests', () => {
  it('lets them begin one interval apart, the first one included, however many wait', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 12 }), async (perMinute, count) => {
        const clock = virtualClock();
        const starts = await startsOf(new RequestPace(perMinute, clock), clock, count);
        const interval = 60_000 / perMinute;
        starts.forEach((start, index) => {
          expect(start).toBeCloseTo(interval * (index + 1), 6);
        });
      }),
      { numRuns: 30 }
    );
  });

  it('lets all begin at once where there is no limit, but none during a rest', async () => {
    const clock = virtualClock();
    const pace = new RequestPace(null, clock);
    expect(await startsOf(pace, clock, 3)).toEqual([0, 0, 0]);
    pace.rest(5000);
    pace.rest(1000);
    expect(await startsOf(pace, clock, 2)).toEqual([5000, 5000]);
  });

  it('ends waiting when it is told to', async () => {
    const abort = new AbortController();
    const waiting = new RequestPace(1).turn(abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});
