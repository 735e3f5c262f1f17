import type { CompareInput, FoldActivities } from '../workflows/activity-types';
import type { AttemptFacts } from './attempt-facts';
import { atBoundary } from './boundary';
import { createJudgementArithmetic } from './judgement-activities';
import type { ActivityPorts } from './ports';

/** Activities of the `fold` pool: arithmetic that needs no device. Idempotent by content address. */
export function createFoldActivities(ports: ActivityPorts): FoldActivities {
  const { runTask, observer } = ports;
  return {
    ...createJudgementArithmetic(ports),
    foldLayer: (input) =>
      atBoundary(observer, { layer: input.layer.layer }, async (options) => {
        const ref = await runTask('foldLayer', input, options);
        observer.artifactLooked('folded', ref.cached);
        options.onFacts({ cached: ref.cached });
        return ref;
      }),
    compareLayer: (input) =>
      atBoundary(observer, comparison(input, input.targets.length), (options) =>
        runTask('compareComposed', input, options)
      ),
    compareComposed: ({ target, direct, ...input }) =>
      atBoundary(observer, { ...comparison(input, 1), target_layer: target.layer }, async (options) => {
        const targets = [{ folded: target, direct }];
        const [compared] = await runTask('compareComposed', { ...input, targets }, options);
        return compared!;
      }),
    buildChains: (input) =>
      atBoundary(observer, { layers: input.layers.length }, async (options) => {
        const ref = await runTask('buildChains', input, options);
        options.onFacts({ bytes: ref.bytes });
        return ref;
      }),
    evaluatePair: (input) =>
      atBoundary(observer, { source_layer: input.source.layer, target_layer: input.target.layer }, async (options) => {
        const ref = await runTask('evaluatePair', input, options);
        options.onFacts({ cached: ref.cached });
        return ref;
      }),
    measureLayer: (input) =>
      atBoundary(observer, { layer: input.layer.layer }, async (options) => {
        const ref = await runTask('measureLayer', input, options);
        options.onFacts({ cached: ref.cached });
        return ref;
      }),
    estimatePair: (input) =>
      atBoundary(
        observer,
        { source_layer: input.source.layer.layer, target_layer: input.target.layer.layer },
        async (options) => {
          const ref = await runTask('estimatePair', input, options);
          options.onFacts({ cached: ref.cached });
          return ref;
        }
      ),
    compareCycles: (input) =>
      atBoundary(observer, { source_layer: input.layer, pairs: input.onward.length }, (options) =>
        runTask('compareCycles', input, options)
      ),
    countDrift: (input) =>
      atBoundary(observer, { source_layer: input.previous.layer, target_layer: input.current.layer }, (options) =>
        runTask('countDrift', input, options)
      ),
  };
}

const comparison = ({ source }: Pick<CompareInput, 'source'>, pairs: number): AttemptFacts => ({
  source_layer: source.layer,
  pairs,
});
