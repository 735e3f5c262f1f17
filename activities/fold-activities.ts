import type { FoldActivities } from '../workflows/activity-types';
import { atBoundary } from './boundary';
import type { ActivityPorts } from './ports';

/** Activities of the `fold` pool: arithmetic that needs no device. Idempotent by content address. */
export function createFoldActivities({ runTask, observer }: ActivityPorts): FoldActivities {
  return {
    foldLayer: (input) =>
      atBoundary(observer, async (options) => {
        const ref = await runTask('foldLayer', input, options);
        observer.artifactLooked('folded', ref.cached);
        return ref;
      }),
    compareLayer: (input) => atBoundary(observer, (options) => runTask('compareComposed', input, options)),
    compareComposed: ({ target, direct, ...input }) =>
      atBoundary(observer, async (options) => {
        const targets = [{ folded: target, direct }];
        const [comparison] = await runTask('compareComposed', { ...input, targets }, options);
        return comparison!;
      }),
    buildChains: (input) => atBoundary(observer, (options) => runTask('buildChains', input, options)),
    evaluatePair: (input) => atBoundary(observer, (options) => runTask('evaluatePair', input, options)),
    countDrift: (input) => atBoundary(observer, (options) => runTask('countDrift', input, options)),
  };
}
