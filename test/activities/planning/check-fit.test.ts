import { misfitError, misfits } from '../../../activities/planning/check-fit';
import { place } from '../small-run';

const layer = (number: number, features: number) => ({ layer: number, features, elements: 2304 });
const [narrow, wide, broken] = [layer(0, 1024), layer(1, 65_536), layer(2, 0)];
const small = { ...place, memoryBudget: 2 ** 30 };

describe('pairs that do not fit', () => {
  it('are told apart from those that do, with the budget from which they would', () => {
    const found = misfits(
      [
        { source: narrow, target: narrow },
        { source: narrow, target: wide },
        { source: wide, target: wide },
        { source: wide, target: broken },
      ],
      small
    );
    expect(found.map(({ source, target }) => [source, target])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    for (const { needed_bytes: memoryBudget } of found) {
      expect(misfits([{ source: narrow, target: wide }], { ...small, memoryBudget })).toEqual([]);
    }
  });

  it('need more where matches share the process', () => {
    const pair = [{ source: wide, target: wide }];
    const [alone] = misfits(pair, small);
    const [shared] = misfits(pair, { ...small, slots: 2 });
    expect(shared!.needed_bytes).toBeGreaterThan(alone!.needed_bytes);
  });

  it('are named with what they need, what there is and what to do', () => {
    const found = misfits(
      [
        { source: narrow, target: wide },
        { source: wide, target: wide },
      ],
      { ...small, slots: 2 }
    );
    const { message } = misfitError(found, { ...small, slots: 2 });
    for (const part of ['pair 1→1', '2 that do not fit', '--memory-budget', 'found 1024 MiB', '65536 x 65536']) {
      expect(message).toContain(part);
    }
    expect(message).toContain('2 matches at once');
    expect(message).toMatch(/at least \d+ MiB/);
    expect(message).toContain('--match-slots');
  });
});
