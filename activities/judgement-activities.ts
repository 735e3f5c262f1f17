import type { FoldActivities, IoActivities } from '../workflows/activity-types';
import { atBoundary } from './boundary';
import { askJudge } from './judgement/ask-judge';
import { judgeKey } from './judgement/judge-key';
import { planJudgement } from './judgement/plan-judgement';
import { publishJudgement } from './judgement/publish-judgement';
import { surveyQuestions } from './judgement/survey-questions';
import type { ActivityPorts } from './ports';

type JudgementIo = Pick<IoActivities, 'planJudgement' | 'surveyQuestions' | 'askJudge' | 'publishJudgement'>;

/** What judging does in the `io` pool: it waits for stores and judges. */
export function createJudgementIo({ openStore, now, observer }: ActivityPorts): JudgementIo {
  return {
    planJudgement: (request) =>
      atBoundary(observer, {}, async ({ onFacts }) => {
        const plan = await planJudgement(openStore(request.spec.out), request);
        onFacts({ layers: plan.layers.length, pairs: plan.sources.reduce((sum, one) => sum + one.targets.length, 0) });
        return plan;
      }),
    surveyQuestions: (input) =>
      atBoundary(observer, { pairs: input.pairs.length }, () =>
        surveyQuestions(openStore(input.request.spec.out), input)
      ),
    askJudge: (input) =>
      atBoundary(
        observer,
        { source_layer: input.pair.source, target_layer: input.pair.target },
        ({ signal, onProgress }) => askJudge(openStore(input.out), input, { key: judgeKey(), signal, onProgress })
      ),
    publishJudgement: (input) =>
      atBoundary(observer, {}, async ({ onFacts }) => {
        const published = await publishJudgement(openStore(input.request.spec.out), input, now());
        onFacts({ state: published.state, pairs: input.pairs.length, failures: published.failures.length });
        return published;
      }),
  };
}

type JudgementArithmetic = Pick<FoldActivities, 'describeLayer' | 'compareMeanings'>;

/** What it does in the `fold` pool: it reads and compares, in threads. */
export function createJudgementArithmetic({ runTask, observer }: ActivityPorts): JudgementArithmetic {
  return {
    describeLayer: (input) =>
      atBoundary(observer, { layer: input.layer.layer }, async (options) => {
        const ref = await runTask('describeLayer', input, options);
        options.onFacts({ cached: ref.cached });
        return ref;
      }),
    compareMeanings: (input) =>
      atBoundary(observer, { source_layer: input.source.source, pairs: input.source.targets.length }, (options) =>
        runTask('compareMeanings', input, options)
      ),
  };
}
