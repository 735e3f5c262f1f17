import fc from 'fast-check';
import { bounded } from '../../workflows/bounded';

/** A task that a test ends. */
function openTask(): { promise: Promise<void>; end: () => void; fail: (error: Error) => void } {
  let end!: () => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<void>((fulfil, reject) => {
    end = fulfil;
    fail = reject;
  });
  return { promise, end, fail };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('bounded', () => {
  it('never runs more tasks at once than its limit, runs all, and starts them in the order given', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.record({ turns: fc.nat(4), fails: fc.boolean() }), { maxLength: 20 }),
        async (limit, tasks) => {
          const slots = bounded(limit);
          const started: number[] = [];
          let running = 0;
          const results = await Promise.allSettled(
            tasks.map(({ turns, fails }, index) =>
              slots(async () => {
                started.push(index);
                running += 1;
                expect(running).toBeLessThanOrEqual(limit);
                for (let turn = 0; turn < turns; turn++) await Promise.resolve();
                running -= 1;
                if (fails) throw new Error(String(index));
                return index;
              })
            )
          );
          expect(started).toEqual(tasks.map((_, index) => index));
          expect(results).toEqual(
            tasks.map(({ fails }, index) =>
              fails ? { status: 'rejected', reason: new Error(String(index)) } : { status: 'fulfilled', value: index }
            )
          );
        }
      )
    );
  });

  it('uses all of its slots', async () => {
    const slots = bounded(3);
    const tasks = Array.from({ length: 5 }, openTask);
    let started = 0;
    const ends = tasks.map(({ promise }) => slots(() => ((started += 1), promise)));
    await settle();
    expect(started).toBe(3);
    tasks[1]!.end();
    await settle();
    expect(started).toBe(4);
    for (const { end } of tasks) end();
    await Promise.all(ends);
  });

  it('gives the slot of a task that fails to the next', async () => {
    const slots = bounded(1);
    const [first, second] = [openTask(), openTask()];
    const failing = slots(() => first.promise);
    let started = false;
    const waiting = slots(() => ((started = true), second.promise));
    first.fail(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await settle();
    expect(started).toBe(true);
    second.end();
    await waiting;
  });

  it('gives back the slot of a task that throws before it is a promise', async () => {
    const slots = bounded(1);
    const thrower = (): Promise<void> => {
      throw new Error('at once');
    };
    await expect(slots(thrower)).rejects.toThrow('at once');
    expect(await slots(() => Promise.resolve(7))).toBe(7);
  });

  it('lets no newcomer take the slot that a waiting task was promised', async () => {
    const slots = bounded(1);
    const first = openTask();
    const order: string[] = [];
    const run = (name: string): Promise<void> =>
      slots(() => {
        order.push(name);
        return Promise.resolve();
      });
    const ends = [slots(() => first.promise), run('waiting')];
    first.end();
    await first.promise;
    ends.push(run('newcomer'));
    await Promise.all(ends);
    expect(order).toEqual(['waiting', 'newcomer']);
  });
});
